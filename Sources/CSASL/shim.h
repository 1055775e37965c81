#pragma once
#include <stddef.h>
#include <sasl/sasl.h>
#include <sasl/saslplug.h>
#include <gssapi/gssapi.h>
#include <gssapi/gssapi_krb5.h>
#include <krb5.h>

// GSS-API's constants are variables, which Swift takes for shared mutable state.
static inline gss_OID csasl_user_name(void) { return GSS_C_NT_USER_NAME; }
static inline gss_OID csasl_kerberos(void) { return (gss_OID)gss_mech_krb5; }
