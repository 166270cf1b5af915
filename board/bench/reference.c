// The plain client that the agent is compared with: one thread, alsa-lib on hw:, OpenSSL, and nothing else.
//
//   reference PORT CA-FILE CAPTURE PLAYBACK        button by lines on standard input: "press", "release"
//
// It appends, asks and plays what the agent does, and spares what makes a kiosk: its conversion is the mean of two
// frames, its JSON a search for words, its loudspeaker runs on silence all the time. No journal, no recovery.
#include <alsa/asoundlib.h>
#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <openssl/rand.h>
#include <openssl/ssl.h>
#include <poll.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { RATE = 48000, PERIOD = 480, BUFFER = 4 * PERIOD, APPEND = 480, QUEUE = 60 * 24000, MESSAGE = 4 << 20 };

static SSL *tls;
static int socketFD;
static unsigned char message[MESSAGE];
static size_t messageBytes;
// Of the server's rate: what waits to be played, and what was captured and not sent.
static int16_t queue[QUEUE], append[APPEND];
static size_t queueStart, queueEnd, appendFrames;
static bool isPressed, isReady;

static void fail(const char *what) {
    fprintf(stderr, "reference: %s\n", what);
    exit(1);
}

// MARK: WebSocket

static void writeAll(const void *data, size_t bytes) {
    while (bytes > 0) {
        int written = SSL_write(tls, data, (int)bytes);
        if (written > 0) {
            data = (const char *)data + written;
            bytes -= (size_t)written;
        } else if (SSL_get_error(tls, written) != SSL_ERROR_WANT_WRITE) {
            fail("the server has gone");
        }
    }
}

static void sendFrame(int opcode, const char *text, size_t bytes) {
    static unsigned char frame[MESSAGE];
    size_t head = 2;
    frame[0] = 0x80 | (unsigned char)opcode;
    if (bytes < 126) {
        frame[1] = 0x80 | (unsigned char)bytes;
    } else {
        frame[1] = 0x80 | 126;
        frame[2] = (unsigned char)(bytes >> 8);
        frame[3] = (unsigned char)bytes;
        head = 4;
    }
    unsigned char mask[4];
    RAND_bytes(mask, 4);
    memcpy(frame + head, mask, 4);
    head += 4;
    for (size_t index = 0; index < bytes; index++) frame[head + index] = (unsigned char)text[index] ^ mask[index & 3];
    writeAll(frame, head + bytes);
}

static void sendText(const char *text) { sendFrame(1, text, strlen(text)); }

// MARK: Session

static void sendAppend(void) {
    static char text[64 + 4 * APPEND];
    char *end = stpcpy(text, "{\"type\":\"input_audio_buffer.append\",\"audio\":\"");
    end += EVP_EncodeBlock((unsigned char *)end, (unsigned char *)append, (int)(2 * appendFrames));
    end = stpcpy(end, "\"}");
    sendFrame(1, text, (size_t)(end - text));
    appendFrames = 0;
}

static void receive(char *text) {
    if (strstr(text, "\"type\":\"response.output_audio.delta\"")) {
        char *audio = strstr(text, "\"delta\":\"");
        if (!audio) return;
        audio += 9;
        char *end = strchr(audio, '"');
        if (!end || (size_t)(end - audio) / 8 * 3 + 8 > QUEUE - queueEnd) return;
        int bytes = EVP_DecodeBlock((unsigned char *)(queue + queueEnd), (unsigned char *)audio, (int)(end - audio));
        for (; end[-1] == '='; end--) bytes--;
        queueEnd += (size_t)bytes / 2;
    } else if (strstr(text, "\"type\":\"session.created\"")) {
        sendText("{\"type\":\"session.update\",\"session\":{\"type\":\"realtime\"}}");
    } else if (strstr(text, "\"type\":\"session.updated\"")) {
        isReady = true;
        puts("[kiosk] ready");
        fflush(stdout);
    }
}

static void press(void) {
    if (queueEnd > queueStart) sendText("{\"type\":\"response.cancel\"}");
    queueStart = queueEnd = 0;
    isPressed = true;
}

static void release(void) {
    isPressed = false;
    if (appendFrames > 0) sendAppend();
    sendText("{\"type\":\"input_audio_buffer.commit\"}");
    sendText("{\"type\":\"response.create\",\"response\":{}}");
    sendText("{\"type\":\"response.create\",\"response\":{\"conversation\":\"none\",\"output_modalities\":[\"text\"],"
             "\"metadata\":{\"purpose\":\"user-turn-transcription\"},\"instructions\":\"Transcribe.\"}}");
}

static void readSocket(void) {
    while (true) {
        int count = SSL_read(tls, message + messageBytes, (int)(MESSAGE - 1 - messageBytes));
        if (count <= 0) {
            if (SSL_get_error(tls, count) == SSL_ERROR_WANT_READ) return;
            exit(0);
        }
        messageBytes += (size_t)count;
        while (true) {
            size_t head = 2, bytes = message[1] & 0x7F;
            if (messageBytes < 2) break;
            if (bytes >= 126) {
                size_t more = bytes == 126 ? 2 : 8;
                head += more;
                if (messageBytes < head) break;
                bytes = 0;
                for (size_t index = 2; index < head; index++) bytes = bytes << 8 | message[index];
            }
            if (messageBytes < head + bytes) break;
            unsigned char next = message[head + bytes];
            message[head + bytes] = 0;
            if ((message[0] & 0x0F) == 1) receive((char *)message + head);
            message[head + bytes] = next;
            messageBytes -= head + bytes;
            memmove(message, message + head + bytes, messageBytes);
        }
    }
}

static void connectTo(int port, const char *authority) {
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socketFD = socket(AF_INET, SOCK_STREAM, 0);
    if (connect(socketFD, (struct sockaddr *)&address, sizeof address) != 0) fail("connect");
    setsockopt(socketFD, IPPROTO_TCP, TCP_NODELAY, &(int){1}, sizeof(int));
    SSL_CTX *context = SSL_CTX_new(TLS_client_method());
    SSL_CTX_set_default_verify_paths(context);
    SSL_CTX_load_verify_locations(context, authority, NULL);
    SSL_CTX_set_verify(context, SSL_VERIFY_PEER, NULL);
    tls = SSL_new(context);
    SSL_set1_host(tls, "localhost");
    SSL_set_fd(tls, socketFD);
    if (SSL_connect(tls) != 1) fail("TLS");
    const char *request = "GET /v1/realtime HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\n"
        "Connection: Upgrade\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n";
    writeAll(request, strlen(request));
    // Byte by byte up to the empty line: what follows it is the first frame.
    while (messageBytes < 4 || memcmp(message + messageBytes - 4, "\r\n\r\n", 4) != 0) {
        if (SSL_read(tls, message + messageBytes++, 1) != 1) fail("upgrade");
    }
    messageBytes = 0;
    fcntl(socketFD, F_SETFL, O_NONBLOCK);
}

// MARK: Sound

static snd_pcm_t *openCard(const char *name, snd_pcm_stream_t direction) {
    snd_pcm_t *pcm;
    snd_pcm_hw_params_t *hardware;
    snd_pcm_sw_params_t *software;
    snd_pcm_uframes_t period = PERIOD, buffer = BUFFER;
    if (snd_pcm_open(&pcm, name, direction, SND_PCM_NONBLOCK) < 0) fail(name);
    snd_pcm_hw_params_alloca(&hardware);
    snd_pcm_hw_params_any(pcm, hardware);
    snd_pcm_hw_params_set_access(pcm, hardware, SND_PCM_ACCESS_RW_INTERLEAVED);
    snd_pcm_hw_params_set_format(pcm, hardware, SND_PCM_FORMAT_S16_LE);
    snd_pcm_hw_params_set_channels(pcm, hardware, 2);
    snd_pcm_hw_params_set_rate(pcm, hardware, RATE, 0);
    snd_pcm_hw_params_set_period_size_near(pcm, hardware, &period, NULL);
    snd_pcm_hw_params_set_buffer_size_near(pcm, hardware, &buffer);
    if (snd_pcm_hw_params(pcm, hardware) < 0) fail(name);
    snd_pcm_sw_params_alloca(&software);
    snd_pcm_sw_params_current(pcm, software);
    snd_pcm_sw_params_set_avail_min(pcm, software, PERIOD);
    if (direction == SND_PCM_STREAM_PLAYBACK) snd_pcm_sw_params_set_start_threshold(pcm, software, BUFFER);
    snd_pcm_sw_params(pcm, software);
    return pcm;
}

static void capture(snd_pcm_t *pcm) {
    int16_t frames[2 * PERIOD];
    snd_pcm_sframes_t count = snd_pcm_readi(pcm, frames, PERIOD);
    if (count == -EPIPE) {
        fputs("reference: overrun\n", stderr);
        snd_pcm_prepare(pcm);
        snd_pcm_start(pcm);
    }
    if (!isPressed || !isReady) return;
    for (snd_pcm_sframes_t frame = 0; frame + 1 < count; frame += 2) {
        int16_t *two = frames + 2 * frame;
        append[appendFrames++] = (int16_t)((two[0] + two[1] + two[2] + two[3]) / 4);
        if (appendFrames == APPEND) sendAppend();
    }
}

static void play(snd_pcm_t *pcm) {
    while (snd_pcm_avail_update(pcm) >= PERIOD) {
        int16_t frames[2 * PERIOD] = {0};
        static int16_t last;
        for (int frame = 0; frame < PERIOD; frame += 2) {
            int16_t next = queueStart < queueEnd ? queue[queueStart++] : 0;
            int16_t *two = frames + 2 * frame;
            two[0] = two[1] = (int16_t)((last + next) / 2);
            two[2] = two[3] = last = next;
        }
        snd_pcm_writei(pcm, frames, PERIOD);
    }
    if (queueStart == queueEnd) queueStart = queueEnd = 0;
    if (snd_pcm_state(pcm) == SND_PCM_STATE_XRUN) {
        fputs("reference: underrun\n", stderr);
        snd_pcm_prepare(pcm);
    }
}

int main(int count, char **arguments) {
    if (count != 5) fail("usage: reference PORT CA-FILE CAPTURE PLAYBACK");
    snd_pcm_t *microphone = openCard(arguments[3], SND_PCM_STREAM_CAPTURE);
    snd_pcm_t *loudspeaker = openCard(arguments[4], SND_PCM_STREAM_PLAYBACK);
    connectTo(atoi(arguments[1]), arguments[2]);
    snd_pcm_start(microphone);
    play(loudspeaker);
    struct pollfd polled[4] = {{.fd = STDIN_FILENO, .events = POLLIN}, {.fd = socketFD, .events = POLLIN}};
    snd_pcm_poll_descriptors(microphone, polled + 2, 1);
    snd_pcm_poll_descriptors(loudspeaker, polled + 3, 1);
    readSocket();
    while (true) {
        poll(polled, 4, -1);
        if (polled[0].revents) {
            char line[64];
            ssize_t bytes = read(STDIN_FILENO, line, sizeof line);
            if (bytes <= 0) polled[0].fd = -1;
            else if (line[0] == 'p') press();
            else release();
        }
        if (polled[1].revents) readSocket();
        if (polled[2].revents) capture(microphone);
        if (polled[3].revents) play(loudspeaker);
    }
}
