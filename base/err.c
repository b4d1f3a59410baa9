/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/err.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

int err_set(struct err *err, int code, const char *format, ...)
{
	va_list args;

	if (!err)
		return code;
	va_start(args, format);
	vsnprintf(err->text, sizeof(err->text), format, args);
	va_end(args);
	return code;
}

int err_add(struct err *err, int code, const char *format, ...)
{
	char prefix[sizeof(err->text)], old[sizeof(err->text)];
	va_list args;

	if (!err)
		return code;
	va_start(args, format);
	vsnprintf(prefix, sizeof(prefix), format, args);
	va_end(args);
	memcpy(old, err->text, sizeof(old));
	/* a text too long for the struct is cut: it is for a person */
	if (snprintf(err->text, sizeof(err->text), "%s: %s", prefix, old) < 0)
		err->text[0] = '\0';
	return code;
}
