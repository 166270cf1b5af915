/// What is reported to the operator: one line on standard error, one journal entry.
public struct Fault: Sendable, Equatable, Error {
    /// A stable word for tools; the text may change, this does not.
    public enum Class: String, Sendable {
        /// No session and no way to one until somebody acts: key, quota, model, shape.
        case refused
        /// The link to the server failed or broke; it is tried again.
        case link
        /// The server broke the protocol or reported an error of its own.
        case server
        /// A turn could not be transcribed, answered or delivered.
        case turn
        /// A sound device failed, recovered or was refused real-time scheduling.
        case audio
        case button
        case journal
        /// Settings that were to be read anew are wrong.
        case settings
        /// A tool that the model called failed.
        case tool
        /// Something has no price in the table.
        case price
        /// A threshold of the daily budget was reached.
        case budget
    }

    public var `class`: Class
    /// One sentence, lower case, without a full stop.
    public var what: String

    public init(_ class: Class, _ what: String) {
        self.class = `class`
        self.what = what
    }
}
