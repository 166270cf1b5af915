extension Usage {
    /// What two responses used together. What neither says stays unknown.
    public static func + (first: Usage, second: Usage) -> Usage {
        Usage(
            totalTokens: sum(first.totalTokens, second.totalTokens),
            inputTokens: sum(first.inputTokens, second.inputTokens),
            outputTokens: sum(first.outputTokens, second.outputTokens),
            inputDetails: either(first.inputDetails, second.inputDetails) { first, second in
                InputDetails(
                    textTokens: sum(first.textTokens, second.textTokens),
                    audioTokens: sum(first.audioTokens, second.audioTokens),
                    imageTokens: sum(first.imageTokens, second.imageTokens),
                    cachedTokens: sum(first.cachedTokens, second.cachedTokens),
                    cachedDetails: either(first.cachedDetails, second.cachedDetails) { first, second in
                        CachedDetails(
                            textTokens: sum(first.textTokens, second.textTokens),
                            audioTokens: sum(first.audioTokens, second.audioTokens),
                            imageTokens: sum(first.imageTokens, second.imageTokens))
                    })
            },
            outputDetails: either(first.outputDetails, second.outputDetails) { first, second in
                OutputDetails(
                    textTokens: sum(first.textTokens, second.textTokens),
                    audioTokens: sum(first.audioTokens, second.audioTokens))
            })
    }

    /// Counts come from a server: too large a sum stays at the largest number.
    private static func sum(_ first: Int?, _ second: Int?) -> Int? {
        either(first, second) { first, second in
            let (sum, isTooLarge) = first.addingReportingOverflow(second)
            return isTooLarge ? .max : sum
        }
    }

    private static func either<Part>(_ first: Part?, _ second: Part?, _ join: (Part, Part) -> Part) -> Part? {
        guard let first, let second else { return first ?? second }
        return join(first, second)
    }
}
