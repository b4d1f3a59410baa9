/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * DOC: a Varlink service describes itself: which interfaces it has, and the text of each. A caller with
 * nothing but the socket's path can find out all there is to call.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/varlink_service.h"
#include "base/varlink_wire.h"

#ifndef SALLYPORT_VERSION
#define SALLYPORT_VERSION "0.1"
#endif

static void handle_info(struct varlink_call *call, const json_t *parameters, void *userdata)
{
	json_t *names = json_pack("[s]", VARLINK_SERVICE);

	(void)parameters;
	for (const struct varlink_interface *row = userdata; names && row->name; row++)
		if (json_array_append_new(names, json_string(row->name)) != 0)
			break;
	varlink_reply(call, json_pack("{s:s, s:s, s:s, s:s, s:o}", "vendor", "Sallyport", "product",
				      program_invocation_short_name, "version", SALLYPORT_VERSION, "url", "",
				      "interfaces", names));
}

static void handle_description(struct varlink_call *call, const json_t *parameters, void *userdata)
{
	const char *name = json_string_value(json_object_get(parameters, "interface"));
	const struct varlink_interface *lists[] = { varlink_service, userdata };
	AUTO(free) char *text = NULL;

	if (!name) {
		varlink_error_parameter(call, "interface");
		return;
	}
	for (size_t i = 0; i < 2; i++) {
		for (const struct varlink_interface *row = lists[i]; row->name; row++) {
			if (strcmp(row->name, name) != 0)
				continue;
			text = varlink_describe(row);
			varlink_reply(call, json_pack("{s:s}", "description", text ? text : ""));
			return;
		}
	}
	varlink_error(call, VARLINK_SERVICE ".InterfaceNotFound", json_pack("{s:s}", "interface", name));
}

static const struct varlink_method service_methods[] = {
	{ "GetInfo", handle_info, NULL,
	  "vendor: string, product: string, version: string, url: string, interfaces: []string",
	  "Who the service is and which interfaces it has." },
	{ "GetInterfaceDescription", handle_description, "interface: string", "description: string",
	  "The definition of one interface." },
	{ NULL },
};

static const struct varlink_type service_errors[] = {
	{ "InterfaceNotFound", .members = "interface: string" },
	{ "MethodNotFound", .members = "method: string" },
	{ "MethodNotImplemented", .members = "method: string" },
	{ "InvalidParameter", .members = "parameter: string" },
	{ "PermissionDenied" },
	{ "ExpectedMore" },
	{ NULL },
};

const struct varlink_interface varlink_service[] = {
	{ .name = VARLINK_SERVICE,
	  .help = "The interface that every Varlink service provides.",
	  .methods = service_methods,
	  .errors = service_errors },
	{ NULL },
};
