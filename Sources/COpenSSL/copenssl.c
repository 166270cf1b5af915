#include "copenssl.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>

static copenssl_result result_of(SSL *ssl, int count) {
    int system_error = errno;
    copenssl_result result = {count, SSL_get_error(ssl, count), system_error};
    return result;
}

copenssl_result copenssl_handshake(SSL *ssl) {
    ERR_clear_error();
    errno = 0;
    return result_of(ssl, SSL_do_handshake(ssl));
}

copenssl_result copenssl_read(SSL *ssl, void *buffer, int length) {
    ERR_clear_error();
    errno = 0;
    return result_of(ssl, SSL_read(ssl, buffer, length));
}

copenssl_result copenssl_write(SSL *ssl, const void *buffer, int length) {
    ERR_clear_error();
    errno = 0;
    return result_of(ssl, SSL_write(ssl, buffer, length));
}

// BIO data is the descriptor itself, held in the pointer.
static int descriptor_of(BIO *bio) { return (int)(intptr_t)BIO_get_data(bio); }

static int is_retryable(int error) { return error == EAGAIN || error == EWOULDBLOCK || error == EINTR; }

static int socket_write(BIO *bio, const char *data, int length) {
    ssize_t sent = send(descriptor_of(bio), data, (size_t)length, MSG_NOSIGNAL);
    BIO_clear_retry_flags(bio);
    if (sent < 0 && is_retryable(errno)) BIO_set_retry_write(bio);
    return (int)sent;
}

static int socket_read(BIO *bio, char *data, int length) {
    ssize_t received = recv(descriptor_of(bio), data, (size_t)length, 0);
    BIO_clear_retry_flags(bio);
    if (received < 0 && is_retryable(errno)) BIO_set_retry_read(bio);
    // libssl asks for BIO_CTRL_EOF to tell an end of stream from an error.
    if (received == 0) BIO_set_flags(bio, BIO_FLAGS_IN_EOF);
    return (int)received;
}

static long socket_control(BIO *bio, int command, long number, void *pointer) {
    (void)number;
    (void)pointer;
    switch (command) {
    case BIO_CTRL_FLUSH: return 1;
    case BIO_CTRL_EOF: return BIO_test_flags(bio, BIO_FLAGS_IN_EOF) != 0;
    default: return 0;
    }
}

// Made once and kept: the library wants a BIO_METHOD to outlive every BIO of it. Contexts are made before any
// connection and by one thread, but two threads of a test may race here, so the library's own once guards it.
static BIO_METHOD *socket_method;
static CRYPTO_ONCE socket_method_once = CRYPTO_ONCE_STATIC_INIT;

static void make_socket_method(void) {
    BIO_METHOD *method = BIO_meth_new(BIO_get_new_index() | BIO_TYPE_SOURCE_SINK | BIO_TYPE_DESCRIPTOR, "socket");
    if (!method) return;
    BIO_meth_set_write(method, socket_write);
    BIO_meth_set_read(method, socket_read);
    BIO_meth_set_ctrl(method, socket_control);
    socket_method = method;
}

int copenssl_use_socket(SSL *ssl, int fd) {
    if (!CRYPTO_THREAD_run_once(&socket_method_once, make_socket_method) || !socket_method) return 0;
    BIO *bio = BIO_new(socket_method);
    if (!bio) return 0;
    BIO_set_data(bio, (void *)(intptr_t)fd);
    BIO_set_init(bio, 1);
    SSL_set_bio(ssl, bio, bio);
    return 1;
}

int copenssl_configure(SSL_CTX *context) {
    SSL_CTX_set_mode(context, SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER
                                  | SSL_MODE_RELEASE_BUFFERS);
    SSL_CTX_set_options(context, SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION);
    SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_OFF);
    return (int)SSL_CTX_set_min_proto_version(context, TLS1_2_VERSION);
}

int copenssl_set_server_name(SSL *ssl, const char *name) { return (int)SSL_set_tlsext_host_name(ssl, name); }

const char *copenssl_reason(unsigned long error) {
    const char *reason = ERR_SYSTEM_ERROR(error) ? strerror(ERR_GET_REASON(error)) : ERR_reason_error_string(error);
    return reason ? reason : "unknown reason";
}

int copenssl_ssl_reason_number(unsigned long error) {
    return ERR_GET_LIB(error) == ERR_LIB_SSL ? ERR_GET_REASON(error) : 0;
}
