// non-finite: elements that are NaN or infinite.

/// Finds NaN and infinite elements, in tensors of any shape.
enum NonFiniteRule {
  static func drafts(_ context: FindingContext) -> [Draft] {
    context.tensors.enumerated().compactMap { order, tensor in
      let facts = tensor.statistics
      guard tensor.isFloating, tensor.tiedTo == nil, facts.nan + facts.infinite > 0 else { return nil }
      let counts = [(facts.nan, "NaN"), (facts.infinite, "infinite")].filter { $0.0 > 0 }
      let found = counts.map { "\(NumberText.count($0.0)) \($0.1)" }.joined(separator: " and ")
      let all = NumberText.count(facts.count)
      // Masks of attention add -inf where a token must not look.
      if facts.nan == 0, tensor.nameParts.last?.contains("mask") == true {
        return Draft(.nonFinite, .information, tensor, at: order, variant: "mask") { _ in
          "\(found) of \(all) elements, as in a mask of attention."
        }
      }
      return Draft(.nonFinite, .error, tensor, at: order, remedy: Advice.rule(for: tensor, context)) { _ in
        "\(found) of \(all) elements. The first forward pass spreads them to the outputs, and the loss is NaN."
      }
    }
  }
}
