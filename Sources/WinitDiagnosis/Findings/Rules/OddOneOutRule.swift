// odd-one-out: a weight whose scale differs from that of the weights of its name in other layers.

import Foundation
import WinitCore
import WinitJSON

/// Finds weights whose standard deviation does not fit in their family.
enum OddOneOutRule {
  static func drafts(_ context: FindingContext, _ judged: JudgedTensors) -> [Draft] {
    context.families.values.flatMap { family -> [Draft] in
      let members = family.filter { i in
        let tensor = context.tensors[i]
        return !judged.faulty.contains(tensor.name) && !judged.declarations.contains(tensor)
          && tensor.statistics.std > 0
      }
      guard members.count >= 5 else { return [] }
      let tensors = members.map { context.tensors[$0] }
      let scales = scales(tensors)
      let logs = zip(tensors, scales).map { log($0.statistics.std / $1) }
      let errors = tensors.map { tensor in
        (max(0.01, (tensor.statistics.kurtosis ?? 3) - 1) / 4 / Double(tensor.statistics.count)).squareRoot()
      }
      return OddOneOut.members(logs, errors: errors).map { draft($0, members[$0.place], context) }
    }
  }

  private static func draft(_ member: OddOneOut.Member, _ order: Int, _ context: FindingContext) -> Draft {
    let tensor = context.tensors[order]
    let std = tensor.statistics.std
    let recognized = Advice.schemeName(tensor) ?? RecognizedLaw(tensor)?.name
    let name = recognized.map { " It is the scale of \($0)." } ?? ""
    return Draft(
      .oddOneOut, context.severity(.warning, for: tensor), tensor, at: order, value: member.ratio,
      remedy: Advice.rule(for: tensor, context)
    ) {
      "the standard deviation, \(NumberText.of(std)), is \($0) times that of the same weight in the layers around it.\(name) The usual cause is a rule that matches one layer by mistake."
    }
  }

  /// The scale by which each standard deviation is divided: the law's, so that a rule whose std depends on the layer
  /// gives equal members. A member with another scheme than most has the scale of the nearest of them, because it may
  /// be the fault.
  private static func scales(_ tensors: [ObservedTensor]) -> [Double] {
    let ones = [Double](repeating: 1, count: tensors.count)
    let promised = tensors.map { tensor in tensor.law.flatMap { LawMoments($0, shape: tensor.shape)?.std } ?? 0 }
    let forms = tensors.map { form($0) }
    var counts: [String: Int] = [:]
    for form in forms.compactMap(\.self) { counts[form, default: 0] += 1 }
    guard let (common, count) = counts.max(by: { ($0.value, $1.key) < ($1.value, $0.key) }), 2 * count > tensors.count
    else { return ones }
    let usual = tensors.indices.filter { forms[$0] == common && promised[$0] > 0 }
    guard 2 * usual.count > tensors.count else { return ones }
    return tensors.indices.map { i in
      if forms[i] == common, promised[i] > 0 { return promised[i] }
      return usual.min { (abs($0 - i), $0) < (abs($1 - i), $1) }.map { promised[$0] } ?? 1
    }
  }

  /// The scheme as its rule writes it, with the texts of expressions in place of their numbers; nil without a scheme.
  private static func form(_ tensor: ObservedTensor) -> String? {
    guard let scheme = tensor.scheme, let members = scheme.objectValue else { return nil }
    let texts = Set((scheme["expressions"]?.objectValue ?? []).map(\.key))
    return JSONValue.object(members.filter { !texts.contains($0.key) && $0.key != "names" }).canonical
  }
}
