extension Array where Element: Equatable {
    /// Elements to insert, remove or change to come from one list to the other (Levenshtein's distance). Takes time in
    /// the product of both lengths.
    public func editDistance(to other: [Element]) -> Int {
        var row = Array<Int>(0...other.count)
        for (index, element) in enumerated() {
            var diagonal = row[0]
            row[0] = index + 1
            for column in other.indices {
                let change = diagonal + (element == other[column] ? 0 : 1)
                diagonal = row[column + 1]
                row[column + 1] = Swift.min(change, diagonal + 1, row[column] + 1)
            }
        }
        return row[other.count]
    }
}
