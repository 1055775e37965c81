/*
 * submission-source [-r] [-s SESSIONS] [-m MESSAGES] [-l OCTETS] PORT USER PASSWORD FROM TO
 * submission-source -i SESSIONS PORT
 *
 * What smtp-source is for plain SMTP, for submission: each message over a connection of its own to 127.0.0.1:PORT, with implicit TLS
 * (RFC 8314) and AUTH PLAIN. With -r a connection resumes the TLS session of the one before it. Prints, for scripts/bench:
 *
 *   messages=N resumed=N seconds=S
 *
 * With -i it opens so many sessions, says EHLO in each, prints "ready", and keeps them until its standard input ends.
 * Any reply that is not the expected one ends it with status 1. The certificate is not looked at.
 */
#include <arpa/inet.h>
#include <netinet/tcp.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/ssl.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

static SSL_CTX *context;
static struct sockaddr_in address;
static long message_count = 100;
static int resume;
static atomic_long taken, resumed;
static char *content, credentials[1024], sender[512], recipient[512];
static size_t content_length;

static void fail(const char *what, const char *reply) {
    fprintf(stderr, "submission-source: %s: %s\n", what, reply);
    ERR_print_errors_fp(stderr);
    exit(1);
}

/* The newest session of this connection, kept by its thread. */
static int keep_session(SSL *ssl, SSL_SESSION *session) {
    SSL_SESSION **kept = SSL_get_app_data(ssl);
    if (!kept) return 0;
    if (*kept) SSL_SESSION_free(*kept);
    *kept = session;
    return 1;
}

/* Reads one reply, perhaps of several lines, and sees that it begins with this digit. */
static void expect(SSL *ssl, char digit, const char *after) {
    static _Thread_local char reply[8192];
    size_t length = 0;
    for (;;) {
        int count = SSL_read(ssl, reply + length, sizeof reply - 1 - length);
        if (count <= 0) fail(after, "the connection ended");
        length += count;
        reply[length] = 0;
        if (reply[length - 1] == '\n') {
            char *line = reply + length - 1;
            while (line > reply && line[-1] != '\n') line--;
            if (strlen(line) >= 4 && line[3] == ' ') break;
        }
        if (length == sizeof reply - 1) fail(after, "a reply without an end");
    }
    if (reply[0] != digit) fail(after, reply);
}

static void say(SSL *ssl, const char *line, char digit) {
    if (SSL_write(ssl, line, strlen(line)) <= 0) fail(line, "cannot be written");
    expect(ssl, digit, line);
}

static SSL *open_session(SSL_SESSION **kept) {
    int descriptor = socket(AF_INET, SOCK_STREAM, 0), on = 1;
    if (descriptor < 0 || connect(descriptor, (struct sockaddr *)&address, sizeof address)) {
        perror("submission-source: connect");
        exit(1);
    }
    setsockopt(descriptor, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    SSL *ssl = SSL_new(context);
    SSL_set_app_data(ssl, kept);
    SSL_set_fd(ssl, descriptor);
    if (kept && *kept) SSL_set_session(ssl, *kept);
    if (SSL_connect(ssl) != 1) fail("handshake", "failed");
    expect(ssl, '2', "connect");
    say(ssl, "EHLO source.test\r\n", '2');
    return ssl;
}

static void close_session(SSL *ssl) {
    int descriptor = SSL_get_fd(ssl);
    SSL_free(ssl);
    close(descriptor);
}

static void *send_messages(void *unused) {
    SSL_SESSION *session = NULL;
    while (atomic_fetch_add(&taken, 1) < message_count) {
        SSL *ssl = open_session(resume ? &session : NULL);
        if (SSL_session_reused(ssl)) atomic_fetch_add(&resumed, 1);
        say(ssl, credentials, '2');
        say(ssl, sender, '2');
        say(ssl, recipient, '2');
        say(ssl, "DATA\r\n", '3');
        if (SSL_write(ssl, content, content_length) <= 0) fail("content", "cannot be written");
        expect(ssl, '2', "content");
        say(ssl, "QUIT\r\n", '2');
        /* Without it OpenSSL takes the session for broken, and does not resume it. */
        SSL_shutdown(ssl);
        close_session(ssl);
    }
    if (session) SSL_SESSION_free(session);
    return unused;
}

static void fill_content(size_t length, const char *from, const char *to) {
    content = malloc(length + 1024);
    content_length = sprintf(content, "From: <%s>\r\nTo: <%s>\r\nSubject: bench\r\n\r\n", from, to);
    while (content_length < length) {
        memset(content + content_length, 'x', 70);
        memcpy(content + content_length + 70, "\r\n", 2);
        content_length += 72;
    }
    memcpy(content + content_length, ".\r\n", 3);
    content_length += 3;
}

static void fill_credentials(const char *user, const char *password) {
    unsigned char plain[512];
    size_t user_length = strlen(user), password_length = strlen(password);
    if (user_length + password_length + 2 > sizeof plain) fail("user and password", "too long");
    plain[0] = 0;
    memcpy(plain + 1, user, user_length);
    plain[user_length + 1] = 0;
    memcpy(plain + user_length + 2, password, password_length);
    size_t start = sprintf(credentials, "AUTH PLAIN ");
    EVP_EncodeBlock((unsigned char *)credentials + start, plain, user_length + password_length + 2);
    strcat(credentials, "\r\n");
}

int main(int count, char **words) {
    long sessions = 40, length = 4096, idle = 0;
    int option;
    while ((option = getopt(count, words, "rs:m:l:i:")) != -1) switch (option) {
        case 'r': resume = 1; break;
        case 's': sessions = atol(optarg); break;
        case 'm': message_count = atol(optarg); break;
        case 'l': length = atol(optarg); break;
        case 'i': idle = atol(optarg); break;
        default: return 64;
    }
    if (count - optind != (idle ? 1 : 5) || sessions < 1 || sessions > 1000) {
        fprintf(stderr, "submission-source: see the head of its source\n");
        return 64;
    }
    signal(SIGPIPE, SIG_IGN);
    struct rlimit files;
    getrlimit(RLIMIT_NOFILE, &files);
    files.rlim_cur = files.rlim_max;
    setrlimit(RLIMIT_NOFILE, &files);
    address.sin_family = AF_INET;
    address.sin_port = htons(atoi(words[optind]));
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    context = SSL_CTX_new(TLS_client_method());
    SSL_CTX_set_session_cache_mode(context, resume ? SSL_SESS_CACHE_CLIENT | SSL_SESS_CACHE_NO_INTERNAL : SSL_SESS_CACHE_OFF);
    SSL_CTX_sess_set_new_cb(context, resume ? keep_session : NULL);

    if (idle) {
        for (long index = 0; index < idle; index++) open_session(NULL);
        puts("ready");
        fflush(stdout);
        while (getchar() != EOF) {}
        return 0;
    }

    fill_credentials(words[optind + 1], words[optind + 2]);
    snprintf(sender, sizeof sender, "MAIL FROM:<%s>\r\n", words[optind + 3]);
    snprintf(recipient, sizeof recipient, "RCPT TO:<%s>\r\n", words[optind + 4]);
    fill_content(length, words[optind + 3], words[optind + 4]);

    struct timespec start, end;
    clock_gettime(CLOCK_MONOTONIC, &start);
    pthread_t threads[1000];
    for (long index = 0; index < sessions; index++) pthread_create(&threads[index], NULL, send_messages, NULL);
    for (long index = 0; index < sessions; index++) pthread_join(threads[index], NULL);
    clock_gettime(CLOCK_MONOTONIC, &end);
    printf("messages=%ld resumed=%ld seconds=%.6f\n", message_count, (long)resumed,
           (end.tv_sec - start.tv_sec) + (end.tv_nsec - start.tv_nsec) / 1e9);
    return 0;
}
