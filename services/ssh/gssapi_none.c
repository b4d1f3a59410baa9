// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * DOC: No GSSAPI
 *
 * Debian's libssh brings seven libraries for a method of authentication that is never offered: a third of the mappings
 * that each fork copies and each end takes apart, and code behind the seal that a client can reach. This program says
 * that it is libgssapi_krb5.so.2 (its soname, gssapi_none.map), so the loader maps none of them, and knows no
 * mechanism: libssh refuses the method as it does where it finds none in common. The names are those of RFC 2744 and of
 * MIT's library, more than libssh asks for, because a name that is missing would be a program that does not start.
 */
#include <stddef.h>
#include <stdint.h>

#define GSS_COMPLETE 0u
#define GSS_FAILURE  (13u << 16)

struct gss_set {
	size_t count;
	void *elements;
};

static struct gss_set empty;

#define EXPORT __attribute__((visibility("default"), used))

/* No header declares them here: what is asked of each is what libssh asks. */
#pragma GCC diagnostic ignored "-Wmissing-prototypes"

EXPORT uint32_t gss_create_empty_oid_set(uint32_t *ret_minor, struct gss_set **ret_set)
{
	*ret_minor = 0;
	*ret_set = &empty;
	return GSS_COMPLETE;
}

EXPORT uint32_t gss_indicate_mechs(uint32_t *ret_minor, struct gss_set **ret_set)
{
	return gss_create_empty_oid_set(ret_minor, ret_set);
}

EXPORT uint32_t gss_test_oid_set_member(uint32_t *ret_minor, const void *oid, const struct gss_set *set,
					int *ret_present)
{
	(void)oid;
	(void)set;
	*ret_minor = 0;
	*ret_present = 0;
	return GSS_COMPLETE;
}

/* There is nothing that could be released. */
#define RELEASES(name)                                           \
	EXPORT uint32_t name(uint32_t *ret_minor, void *inout) \
	{                                                        \
		(void)inout;                                     \
		*ret_minor = 0;                                  \
		return GSS_COMPLETE;                             \
	}

/* Whoever is told that it failed looks at nothing else. */
#define FAILS(name)                                  \
	EXPORT uint32_t name(uint32_t *ret_minor) \
	{                                            \
		*ret_minor = 0;                      \
		return GSS_FAILURE;                  \
	}

#define IS_NULL(name) EXPORT const void *name

RELEASES(gss_release_buffer)
RELEASES(gss_release_cred)
RELEASES(gss_release_name)
RELEASES(gss_release_oid)
RELEASES(gss_release_oid_set)

FAILS(gss_accept_sec_context)
FAILS(gss_acquire_cred)
FAILS(gss_acquire_cred_from)
FAILS(gss_acquire_cred_with_password)
FAILS(gss_add_cred)
FAILS(gss_add_oid_set_member)
FAILS(gss_canonicalize_name)
FAILS(gss_compare_name)
FAILS(gss_context_time)
FAILS(gss_delete_sec_context)
FAILS(gss_display_name)
FAILS(gss_display_status)
FAILS(gss_duplicate_name)
FAILS(gss_export_name)
FAILS(gss_export_sec_context)
FAILS(gss_get_mic)
FAILS(gss_import_name)
FAILS(gss_import_sec_context)
FAILS(gss_indicate_mechs_by_attrs)
FAILS(gss_init_sec_context)
FAILS(gss_inquire_attrs_for_mech)
FAILS(gss_inquire_context)
FAILS(gss_inquire_cred)
FAILS(gss_inquire_cred_by_mech)
FAILS(gss_inquire_mechs_for_name)
FAILS(gss_inquire_name)
FAILS(gss_inquire_names_for_mech)
FAILS(gss_inquire_sec_context_by_oid)
FAILS(gss_localname)
FAILS(gss_oid_to_str)
FAILS(gss_process_context_token)
FAILS(gss_pseudo_random)
FAILS(gss_store_cred)
FAILS(gss_str_to_oid)
FAILS(gss_unwrap)
FAILS(gss_verify_mic)
FAILS(gss_wrap)
FAILS(gss_wrap_size_limit)

IS_NULL(GSS_C_NT_ANONYMOUS);
IS_NULL(GSS_C_NT_EXPORT_NAME);
IS_NULL(GSS_C_NT_HOSTBASED_SERVICE);
IS_NULL(GSS_C_NT_HOSTBASED_SERVICE_X);
IS_NULL(GSS_C_NT_MACHINE_UID_NAME);
IS_NULL(GSS_C_NT_STRING_UID_NAME);
IS_NULL(GSS_C_NT_USER_NAME);
