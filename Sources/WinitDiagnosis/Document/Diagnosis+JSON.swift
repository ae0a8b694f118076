// Writing a diagnosis as JSON, the schema `winit-diagnosis/1`.

package import WinitJSON

extension Diagnosis {
  /// The document. Every member is written, with null for what is unknown and for a number that is not finite.
  package var json: JSONValue {
    [
      "schema": .string(Diagnosis.schema),
      "subject": subject.json,
      "tensors": .array(tensors.map(\.json)),
      "network": network?.json ?? .null,
      "layers": .array(layers.map(\.json)),
      "loss": loss?.json ?? .null,
      "findings": .array(findings.map(\.json)),
      "allowed": .array(allowed.map { ["finding": $0.finding.json, "reason": .string($0.reason)] }),
      "declared": .array(declared.map { ["tensor": .string($0.tensor), "what": .string($0.what)] }),
      "notes": .array(notes.map(JSONValue.string)),
    ]
  }
}

extension DiagnosisSubject {
  fileprivate var json: JSONValue {
    [
      "kind": .string(kind.rawValue), "name": .string(name), "id": .text(id), "seed": .text(seed),
      "created_at": .text(createdAt), "spec": .text(spec), "tool_version": .string(toolVersion),
    ]
  }
}

extension NetworkSummary {
  fileprivate var json: JSONValue {
    ["source": .string(source.rawValue), "kind": .string(kind), "accuracy": .string(accuracy)]
  }
}

extension LossDiagnosis {
  fileprivate var json: JSONValue {
    ["value": .finite(value), "classes": .count(classes), "uniform": .finite(uniform)]
  }
}

extension Finding {
  /// The finding as an element of `findings`.
  package var json: JSONValue {
    [
      "code": .string(code.rawValue), "severity": .string(severity.rawValue), "tensor": .text(tensor),
      "layer": .text(layer), "message": .string(message), "fix": .text(fix),
    ]
  }
}

extension TensorDiagnosis {
  /// The tensor as an element of `tensors`.
  package var json: JSONValue {
    [
      "name": .string(name), "shape": .array(shape.map { .count($0) }), "dtype": .string(dtype), "count": .count(count),
      "mean": .finite(mean), "std": .finite(std), "min": .finite(min), "max": .finite(max),
      "skewness": .finite(skewness), "kurtosis": .finite(kurtosis),
      "zeros": .count(zeros), "nonfinite": .count(nonfinite), "nan": .count(nan), "infinite": .count(infinite),
      "fan_in": .count(fanIn), "fan_out": .count(fanOut), "expected_std": .finite(expectedStd), "z": .finite(z),
      "histogram": histogram?.json ?? .null, "spectrum": spectrum?.json ?? .null,
      "scheme": .text(scheme), "law": law ?? .null, "tied_to": .text(tiedTo),
    ]
  }
}

extension Histogram {
  fileprivate var json: JSONValue {
    ["low": .finite(low), "high": .finite(high), "counts": .array(counts.map { .count($0) })]
  }
}

extension Spectrum {
  fileprivate var json: JSONValue {
    ["largest": .finite(largest), "edge": .finite(edge), "smallest": .finite(smallest)]
  }
}

extension LayerDiagnosis {
  /// The layer as an element of `layers`.
  package var json: JSONValue {
    [
      "name": .string(name), "kind": .string(kind), "activation": .text(activation), "assumed": .bool(isAssumed),
      "main_path": .bool(isMainPath), "theory": theory?.json ?? .null, "measured": measured?.json ?? .null,
    ]
  }
}

extension LayerDiagnosis.Theory {
  fileprivate var json: JSONValue {
    ["q": .finite(q), "signal": .finite(signal), "gradient": .finite(gradient)]
  }
}

extension LayerDiagnosis.Measured {
  fileprivate var json: JSONValue {
    [
      "rms": .finite(rms), "signal": .finite(signal), "gradient": .finite(gradient), "dead": .finite(dead),
      "saturated": .finite(saturated), "cosine": .finite(cosine),
    ]
  }
}

extension JSONValue {
  fileprivate static func text(_ text: String?) -> JSONValue { text.map(JSONValue.string) ?? .null }

  fileprivate static func finite(_ number: Double?) -> JSONValue {
    guard let number, number.isFinite else { return .null }
    return .number(number)
  }

  fileprivate static func count(_ count: Int?) -> JSONValue { count.map(JSONValue.integer) ?? .null }
}
