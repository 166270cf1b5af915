extension Array {
    /// Appends `more` without moving anything where one side is empty: most inputs are answered by no action at all.
    mutating func join(_ more: [Element]) {
        if more.isEmpty { return }
        if isEmpty { self = more } else { append(contentsOf: more) }
    }
}
