// TLS of libssl: its headers, and functions for what Swift cannot import (macros) or read safely (errno).
#ifndef COPENSSL_H
#define COPENSSL_H

#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/rand.h>
#include <openssl/sha.h>
#include <openssl/ssl.h>
#include <openssl/x509_vfy.h>
#include <openssl/x509v3.h>

/// What one call of SSL_read, SSL_write or SSL_do_handshake came to.
typedef struct {
    int count;  ///< What the call returned: bytes, or 1 for a finished handshake; 0 or less otherwise.
    int error;  ///< SSL_get_error(3) for it.
    int system_error;  ///< errno right after it, 0 when it was not set.
} copenssl_result;

/// SSL_do_handshake(3), with an error queue and errno that are its own.
copenssl_result copenssl_handshake(SSL *ssl);
/// SSL_read(3), with an error queue and errno that are its own.
copenssl_result copenssl_read(SSL *ssl, void *buffer, int length);
/// SSL_write(3), with an error queue and errno that are its own.
copenssl_result copenssl_write(SSL *ssl, const void *buffer, int length);

/// Joins `ssl` and a socket, which stays the caller's, by a BIO that sends with MSG_NOSIGNAL: libssl's own socket BIO
/// uses write(2), and a peer that has gone would then raise SIGPIPE. 1, or 0 when out of memory.
int copenssl_use_socket(SSL *ssl, int fd);

/// What every connection wants: TLS 1.2 or newer, partial writes from a buffer that may move, no record buffers while
/// idle, no session cache, no renegotiation. 1, or 0 when the library refuses.
int copenssl_configure(SSL_CTX *context);
/// SSL_set_tlsext_host_name(3). 1 or 0.
int copenssl_set_server_name(SSL *ssl, const char *name);
/// Reason of an ERR_get_error(3) code in words; never NULL.
const char *copenssl_reason(unsigned long error);
/// Reason number of an ERR_get_error(3) code when it comes from libssl, else 0.
int copenssl_ssl_reason_number(unsigned long error);

#endif
