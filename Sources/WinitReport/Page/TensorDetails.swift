// The facts of a tensor that do not fit a row, and the numbers behind its histogram.

import WinitDiagnosis

/// What a row of the table of tensors shows when it is opened.
struct TensorDetails {
  private let tensor: TensorDiagnosis
  private let histogram: HistogramPicture?

  init(_ tensor: TensorDiagnosis, _ histogram: HistogramPicture?) {
    (self.tensor, self.histogram) = (tensor, histogram)
  }

  var markup: Markup {
    let list = facts.markup { "<dt>\($0.0)</dt><dd>\($0.1)</dd>" }
    return "<details><summary>more</summary><dl class=\"facts\">\(list)</dl></details>"
  }

  private var facts: [(Markup, Markup)] {
    var facts: [(Markup, Markup)] = [
      ("elements", "\(countText(tensor.count))"),
      ("range", "\(numberText(tensor.min)) to \(numberText(tensor.max))"),
    ]
    if let skewness = tensor.skewness, let kurtosis = tensor.kurtosis {
      facts.append(("skewness, kurtosis", "\(numberText(skewness)), \(numberText(kurtosis))"))
    }
    if tensor.zeros > 0 { facts.append(("zeros", "\(countText(tensor.zeros))")) }
    if tensor.nonfinite > 0 {
      facts.append(("not finite", "\(countText(tensor.nan)) NaN, \(countText(tensor.infinite)) infinite"))
    }
    if let fanIn = tensor.fanIn, let fanOut = tensor.fanOut {
      facts.append(("fan in, out", "\(countText(fanIn)), \(countText(fanOut))"))
    }
    if let density = LawDensity(tensor.law) { facts.append(("law", "\(density.description)")) }
    if let histogram { facts.append(("histogram", counts(histogram))) }
    return facts
  }

  /// The bars as numbers.
  private func counts(_ histogram: HistogramPicture) -> Markup {
    let numbers = histogram.bars.map { shortNumberText($0, digits: 15) }.joined(separator: " ")
    return """
      \(plural(histogram.bars.count, "bar")) from \(numberText(histogram.low)) to \(numberText(histogram.high)): \
      <span class="counts">\(numbers)</span>
      """
  }
}
