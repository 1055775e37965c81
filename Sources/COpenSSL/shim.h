#pragma once
#include <openssl/bio.h>
#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/pem.h>
#include <openssl/rand.h>
#include <openssl/rsa.h>
#include <openssl/sha.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>
#include <openssl/x509_vfy.h>

// What OpenSSL has as macros, which Swift does not see. Same names with a prefix, and types of the function that the macro stands for.

static inline int postern_SSL_CTX_set_min_proto_version(SSL_CTX *context, int version) {
    return (int)SSL_CTX_set_min_proto_version(context, version);
}
static inline long postern_SSL_CTX_set_mode(SSL_CTX *context, long mode) { return SSL_CTX_set_mode(context, mode); }
static inline long postern_SSL_CTX_set_session_cache_mode(SSL_CTX *context, long mode) {
    return SSL_CTX_set_session_cache_mode(context, mode);
}
static inline int postern_SSL_CTX_set1_groups_list(SSL_CTX *context, const char *list) {
    return (int)SSL_CTX_set1_groups_list(context, (char *)list);
}
static inline int postern_SSL_CTX_set_dh_auto(SSL_CTX *context, int on) { return (int)SSL_CTX_set_dh_auto(context, on); }
static inline int postern_SSL_set_tlsext_host_name(SSL *ssl, const char *name) {
    return (int)SSL_set_tlsext_host_name(ssl, (char *)name);
}
static inline void postern_SSL_CTX_set_tlsext_servername_callback(SSL_CTX *context, int (*callback)(SSL *, int *, void *)) {
    SSL_CTX_set_tlsext_servername_callback(context, callback);
}
static inline void postern_BIO_set_retry_read(BIO *bio) { BIO_set_retry_read(bio); }
static inline void postern_BIO_clear_retry_flags(BIO *bio) { BIO_clear_retry_flags(bio); }
static inline long postern_BIO_get_mem_data(BIO *bio, char **octets) { return BIO_get_mem_data(bio, octets); }
static inline EVP_PKEY *postern_EVP_EC_gen(const char *curve) { return EVP_EC_gen(curve); }
static inline EVP_PKEY *postern_EVP_RSA_gen(unsigned int bits) { return EVP_RSA_gen(bits); }

// Stacks are typed by macros as well. The stack stays its owner's; postern_X509_stack_free frees the stack and not what it holds.

static inline STACK_OF(X509) *postern_X509_stack_new(void) { return sk_X509_new_null(); }
static inline int postern_X509_stack_push(STACK_OF(X509) *stack, X509 *certificate) { return sk_X509_push(stack, certificate); }
static inline int postern_X509_stack_count(const STACK_OF(X509) *stack) { return sk_X509_num(stack); }
static inline X509 *postern_X509_stack_at(const STACK_OF(X509) *stack, int index) { return sk_X509_value(stack, index); }
static inline void postern_X509_stack_free(STACK_OF(X509) *stack) { sk_X509_free(stack); }

static inline GENERAL_NAMES *postern_X509_subject_names(const X509 *certificate) {
    return (GENERAL_NAMES *)X509_get_ext_d2i(certificate, NID_subject_alt_name, NULL, NULL);
}
static inline GENERAL_NAMES *postern_X509_REQ_subject_names(X509_REQ *request) {
    STACK_OF(X509_EXTENSION) *extensions = X509_REQ_get_extensions(request);
    GENERAL_NAMES *names = (GENERAL_NAMES *)X509V3_get_d2i(extensions, NID_subject_alt_name, NULL, NULL);
    sk_X509_EXTENSION_pop_free(extensions, X509_EXTENSION_free);
    return names;
}
static inline int postern_GENERAL_NAMES_count(const GENERAL_NAMES *names) { return sk_GENERAL_NAME_num(names); }
// The octets of a dNSName or iPAddress, which stay the stack's; NULL for another kind.
static inline const unsigned char *postern_GENERAL_NAMES_octets(const GENERAL_NAMES *names, int index, int *kind, int *count) {
    GENERAL_NAME *name = sk_GENERAL_NAME_value(names, index);
    ASN1_STRING *text = NULL;
    *kind = name->type;
    if (name->type == GEN_DNS) text = name->d.dNSName;
    if (name->type == GEN_IPADD) text = name->d.iPAddress;
    if (text == NULL) return NULL;
    *count = ASN1_STRING_length(text);
    return ASN1_STRING_get0_data(text);
}

// An extension written as openssl.cnf writes it (x509v3_config(5)), for a certificate or, where `certificate` is NULL, a request.
static inline X509_EXTENSION *postern_extension(X509 *issuer, X509 *certificate, X509_REQ *request, int nid, const char *value) {
    X509V3_CTX context;
    X509V3_set_ctx(&context, issuer, certificate, request, NULL, 0);
    X509V3_set_ctx_nodb(&context);
    return X509V3_EXT_conf_nid(NULL, &context, nid, value);
}
static inline int postern_X509_REQ_add_extension(X509_REQ *request, X509_EXTENSION *extension) {
    STACK_OF(X509_EXTENSION) *extensions = sk_X509_EXTENSION_new_null();
    if (extensions == NULL) return 0;
    int added = sk_X509_EXTENSION_push(extensions, extension) > 0 && X509_REQ_add_extensions(request, extensions);
    sk_X509_EXTENSION_free(extensions);
    return added;
}

// What protects a session ticket besides its cipher (SSL_CTX_set_tlsext_ticket_key_evp_cb(3)): HMAC-SHA-256.
static inline int postern_set_ticket_mac(EVP_MAC_CTX *context, unsigned char *key, size_t count) {
    OSSL_PARAM parameters[3];
    parameters[0] = OSSL_PARAM_construct_octet_string(OSSL_MAC_PARAM_KEY, key, count);
    parameters[1] = OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, (char *)"SHA256", 0);
    parameters[2] = OSSL_PARAM_construct_end();
    return EVP_MAC_CTX_set_params(context, parameters);
}

// RFC 4514 with UTF-8 as it is, and control characters escaped.
static inline int postern_X509_NAME_print(BIO *bio, const X509_NAME *name) {
    return X509_NAME_print_ex(bio, name, 0, XN_FLAG_RFC2253 & ~ASN1_STRFLGS_ESC_MSB);
}
