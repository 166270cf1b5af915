internal import COpenSSL
internal import CWslay

/// WebSocket framing without I/O: bytes of the peer in, messages out; messages in, bytes for the peer out. Answers
/// pings and closing frames by itself. A class because wslay keeps a pointer to it.
final class FrameCodec {
    enum Role {
        case client, server
    }

    enum Message: Equatable {
        case text([UInt8])
        case binary([UInt8])
    }

    /// Most bytes of one message, either way. The API's largest recorded message is 3.4 MB.
    static let messageLimit = 16 * 1024 * 1024
    /// Longest reason of a closing frame, in bytes. RFC 6455, 5.5.
    static let closeReasonLimit = 123

    /// Messages that came whole, in order, since they were last taken.
    private var messages: [Message] = []
    /// Code and reason of the peer's closing frame; 1005 when it carried none.
    private(set) var peerClose: (code: UInt16, reason: String)?
    /// Bytes for the peer.
    var outgoing = OutgoingBytes()

    private let state = FrameState()
    private let context: FrameContext

    init(role: Role) {
        context = FrameContext(role: role, state: state)
    }

    /// Decodes the next bytes of the peer; whatever has to be answered is added to `outgoing`. Bytes behind the peer's
    /// closing frame, or behind a violation, are thrown away.
    func receive(_ bytes: UnsafeRawBufferPointer) {
        guard wslay_event_get_read_enabled(context.raw) == 1 else { return }
        state.input = bytes
        // Its error value says no more than `violation` does: the callbacks below never fail but for want of bytes.
        _ = wslay_event_recv(context.raw)
        state.input = UnsafeRawBufferPointer(start: nil, count: 0)
        messages += state.messages
        state.messages = []
        if peerClose == nil { peerClose = state.peerClose }
        encode()
    }

    func takeMessages() -> [Message] {
        defer { messages = [] }
        return messages
    }

    /// What the peer did against the rules, in words; nil as long as it kept them.
    var violation: String? {
        guard peerClose == nil, wslay_event_get_read_enabled(context.raw) == 0 else { return nil }
        return switch Int(wslay_event_get_status_code_sent(context.raw)) {
        case Int(WSLAY_CODE_MESSAGE_TOO_BIG.rawValue): "message of more than 16 MiB"
        case Int(WSLAY_CODE_INVALID_FRAME_PAYLOAD_DATA.rawValue): "text that is no UTF-8"
        default: "frame against the protocol"
        }
    }

    /// Encodes a text message. False when a closing frame has gone before it.
    func queue(text: UnsafeBufferPointer<UInt8>) -> Bool { queue(text, opcode: WSLAY_TEXT_FRAME) }

    /// Encodes a binary message. False when a closing frame has gone before it.
    func queue(binary: [UInt8]) -> Bool { binary.withUnsafeBufferPointer { queue($0, opcode: WSLAY_BINARY_FRAME) } }

    /// Encodes a ping of at most 125 bytes.
    func queuePing(_ payload: [UInt8]) {
        _ = payload.prefix(125).withUnsafeBufferPointer { queue($0, opcode: WSLAY_PING) }
    }

    /// Encodes a closing frame. The reason is cut to 123 bytes.
    func queueClose(code: UInt16, reason: String) {
        var reason = reason
        while reason.utf8.count > FrameCodec.closeReasonLimit { reason.unicodeScalars.removeLast() }
        let bytes = Array(reason.utf8)
        wslay_event_queue_close(context.raw, code, bytes, bytes.count)
        encode()
    }

    private func queue(_ bytes: UnsafeBufferPointer<UInt8>, opcode: wslay_opcode) -> Bool {
        var message = wslay_event_msg(opcode: UInt8(opcode.rawValue), msg: bytes.baseAddress, msg_length: bytes.count)
        guard wslay_event_queue_msg(context.raw, &message) == 0 else { return false }
        encode()
        return true
    }

    /// Lets wslay write all it has queued: frames come out whole and one behind the other, for one TLS record.
    private func encode() {
        swap(&state.output, &outgoing)
        wslay_event_send(context.raw)
        swap(&state.output, &outgoing)
    }
}

/// What wslay's callbacks read and write.
private final class FrameState {
    var input = UnsafeRawBufferPointer(start: nil, count: 0)
    var output = OutgoingBytes()
    var messages: [FrameCodec.Message] = []
    var peerClose: (code: UInt16, reason: String)?

    /// Opcode of the frame that is coming, and of the message that its data belongs to.
    private var frameOpcode: UInt8 = 0
    private var messageOpcode: UInt8 = 0
    private var message: [UInt8] = []
    private var control: [UInt8] = []
    /// Random bytes for masks, drawn many at a time: a draw of four costs OpenSSL more than encrypting a frame.
    private var random: [UInt8] = []
    private static let randomBytes = 1024

    private var isControl: Bool { frameOpcode & 0x8 != 0 }

    /// A new frame is about to come. False when its message becomes too long.
    func beginFrame(opcode: UInt8, length: UInt64) -> Bool {
        frameOpcode = opcode
        guard !isControl else {
            control = []
            return true
        }
        if opcode != UInt8(WSLAY_CONTINUATION_FRAME.rawValue) { messageOpcode = opcode }
        return length <= UInt64(FrameCodec.messageLimit - message.count)
    }

    func append(_ bytes: UnsafeBufferPointer<UInt8>) {
        if isControl { control += bytes } else { message += bytes }
    }

    /// A frame is complete. The closing frame is read here and not where wslay reports it, because wslay 1.1 takes the
    /// codes 1012 to 1014 for violations; servers do send 1013.
    func finishFrame() {
        guard frameOpcode == UInt8(WSLAY_CONNECTION_CLOSE.rawValue) else { return }
        guard control.count >= 2 else {
            peerClose = (1005, "")
            return
        }
        let code = UInt16(control[0]) << 8 | UInt16(control[1])
        let isAllowed = (1000...1003).contains(code) || (1007...1014).contains(code) || (3000...4999).contains(code)
        if isAllowed { peerClose = (code, String(decoding: control[2...], as: UTF8.self)) }
    }

    /// Fills `mask` with bytes that nobody can predict, each given out once. False when there are none to be had.
    func fill(_ mask: UnsafeMutableBufferPointer<UInt8>) -> Bool {
        if random.count < mask.count {
            random = [UInt8](repeating: 0, count: max(Self.randomBytes, mask.count))
            guard RAND_bytes(&random, Int32(clamping: random.count)) == 1 else {
                random = []
                return false
            }
        }
        _ = mask.update(fromContentsOf: random.suffix(mask.count))
        random.removeLast(mask.count)
        return true
    }

    /// The last frame of a message, or a control frame, has been dealt with.
    func finishMessage() {
        guard !isControl else { return }
        messages.append(messageOpcode == UInt8(WSLAY_TEXT_FRAME.rawValue) ? .text(message) : .binary(message))
        message = []
    }
}

/// Owner of a wslay_event_context.
private struct FrameContext: ~Copyable {
    let raw: wslay_event_context_ptr

    /// `state` has to live as long as this.
    init(role: FrameCodec.Role, state: FrameState) {
        var callbacks = wslay_event_callbacks()
        callbacks.recv_callback = receiveBytes
        callbacks.send_callback = sendBytes
        callbacks.genmask_callback = makeMask
        callbacks.on_frame_recv_start_callback = frameStarted
        callbacks.on_frame_recv_chunk_callback = payloadCame
        callbacks.on_frame_recv_end_callback = frameEnded
        callbacks.on_msg_recv_callback = messageCame
        var raw: wslay_event_context_ptr?
        // SAFETY: the codec owns state and context and drops both together; the callbacks run only inside its calls.
        let pointer = Unmanaged.passUnretained(state).toOpaque()
        let failed = role == .client
            ? wslay_event_context_client_init(&raw, &callbacks, pointer)
            : wslay_event_context_server_init(&raw, &callbacks, pointer)
        guard failed == 0, let raw else { preconditionFailure("wslay: out of memory") }
        self.raw = raw
        // Payload is collected here, once, instead of in wslay's chunks and then here.
        wslay_event_config_set_no_buffering(raw, 1)
        wslay_event_config_set_max_recv_msg_length(raw, UInt64(FrameCodec.messageLimit))
    }

    deinit { wslay_event_context_free(raw) }
}

// SAFETY: `user` is the FrameState that FrameContext gave to wslay.
private func state(_ user: UnsafeMutableRawPointer?) -> FrameState? {
    user.map { Unmanaged<FrameState>.fromOpaque($0).takeUnretainedValue() }
}

private func receiveBytes(
    _ context: wslay_event_context_ptr?, _ buffer: UnsafeMutablePointer<UInt8>?, _ length: Int, _ flags: Int32,
    _ user: UnsafeMutableRawPointer?
) -> Int {
    guard let state = state(user), !state.input.isEmpty else {
        wslay_event_set_error(context, WSLAY_ERR_WOULDBLOCK.rawValue)
        return -1
    }
    let bytes = state.input.prefix(length)
    // SAFETY: wslay's buffer holds `length` bytes.
    UnsafeMutableRawBufferPointer(start: buffer, count: length).copyMemory(from: .init(rebasing: bytes))
    state.input = .init(rebasing: state.input.dropFirst(bytes.count))
    return bytes.count
}

private func sendBytes(
    _ context: wslay_event_context_ptr?, _ bytes: UnsafePointer<UInt8>?, _ length: Int, _ flags: Int32,
    _ user: UnsafeMutableRawPointer?
) -> Int {
    state(user)?.output.append(UnsafeBufferPointer(start: bytes, count: length))
    return length
}

private func makeMask(
    _ context: wslay_event_context_ptr?, _ buffer: UnsafeMutablePointer<UInt8>?, _ length: Int,
    _ user: UnsafeMutableRawPointer?
) -> Int32 {
    // SAFETY: wslay's buffer holds `length` bytes.
    state(user)?.fill(UnsafeMutableBufferPointer(start: buffer, count: length)) == true ? 0 : -1
}

private func frameStarted(
    _ context: wslay_event_context_ptr?, _ frame: UnsafePointer<wslay_event_on_frame_recv_start_arg>?,
    _ user: UnsafeMutableRawPointer?
) {
    guard let state = state(user), let frame = frame?.pointee else { return }
    guard !state.beginFrame(opcode: frame.opcode, length: frame.payload_length) else { return }
    wslay_event_shutdown_read(context)
    wslay_event_queue_close(context, UInt16(WSLAY_CODE_MESSAGE_TOO_BIG.rawValue), nil, 0)
}

private func payloadCame(
    _ context: wslay_event_context_ptr?, _ chunk: UnsafePointer<wslay_event_on_frame_recv_chunk_arg>?,
    _ user: UnsafeMutableRawPointer?
) {
    // Reading ends within a frame when its message became too long.
    guard let chunk = chunk?.pointee, wslay_event_get_read_enabled(context) == 1 else { return }
    state(user)?.append(UnsafeBufferPointer(start: chunk.data, count: chunk.data_length))
}

private func frameEnded(_ context: wslay_event_context_ptr?, _ user: UnsafeMutableRawPointer?) {
    state(user)?.finishFrame()
}

private func messageCame(
    _ context: wslay_event_context_ptr?, _ message: UnsafePointer<wslay_event_on_msg_recv_arg>?,
    _ user: UnsafeMutableRawPointer?
) {
    guard wslay_event_get_read_enabled(context) == 1 else { return }
    state(user)?.finishMessage()
}
