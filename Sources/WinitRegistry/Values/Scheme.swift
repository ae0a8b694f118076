// Initialization schemes, for specs that are built in Swift.

package import WinitInitializers

/// A scheme: how the elements of a tensor are initialized, as a person writes it. When a run is created, the scheme
/// resolves to a law, from the shape, the dtype and the fans of the tensor.
///
/// ```swift
/// let hidden = Scheme.heNormal()
/// let head = Scheme.normal(std: 0.02)
/// let torch = try Scheme("torch.trunc_normal", ["std": 0.02])
/// ```
///
/// `winit-registry schemes` lists all schemes with their formulas and sources.
public struct Scheme: Sendable, Hashable {
  package let core: WinitInitializers.Scheme

  private init(_ core: WinitInitializers.Scheme) { self.core = core }

  /// Makes a scheme by its name or an alias, with the parameters that a spec would give: numbers, and words such as
  /// `["mode": "fan_out"]`.
  ///
  /// - Throws: `RegistryError` with the code `invalidSpec` for an unknown scheme or parameter.
  public init(_ name: String, _ numbers: [String: Double] = [:], words: [String: String] = [:]) throws {
    let arguments = numbers.mapValues { SchemeArgument($0) }.merging(words.mapValues { SchemeArgument.word($0) }) { $1 }
    core = try translatingErrors { try WinitInitializers.Scheme(name, arguments) }
  }

  /// Every element is 0.
  public static let zeros = Scheme(.zeros)

  /// Every element is 1.
  public static let ones = Scheme(.ones)

  /// Every element is `value`. An integer tensor takes a whole number of at most 2⁵³ in size.
  public static func constant(_ value: Double) -> Scheme { Scheme(.constant(value)) }

  /// Normal: N(mean, std²).
  public static func normal(mean: Double = 0, std: Double) -> Scheme {
    Scheme(.normal(mean: mean == 0 ? nil : mean, std: std))
  }

  /// Uniform between two bounds.
  public static func uniform(low: Double, high: Double) -> Scheme { Scheme(.uniform(low: low, high: high)) }

  /// Normal, truncated at `low` and `high` standard deviations from the mean. `std` is the deviation before the
  /// truncation.
  public static func truncatedNormal(mean: Double = 0, std: Double, low: Double = -2, high: Double = 2) -> Scheme {
    Scheme(
      .truncatedNormal(
        mean: mean == 0 ? nil : mean, std: std, low: low == -2 ? nil : low, high: high == 2 ? nil : high))
  }

  /// Xavier (Glorot) uniform: ±√3 × gain × √(2 / (fan_in + fan_out)). Glorot and Bengio, AISTATS 2010, equation 16.
  public static func xavierUniform(gain: Double = 1) -> Scheme { Scheme(.xavierUniform(gain: gain == 1 ? nil : gain)) }

  /// Xavier (Glorot) normal: the standard deviation is gain × √(2 / (fan_in + fan_out)).
  public static func xavierNormal(gain: Double = 1) -> Scheme { Scheme(.xavierNormal(gain: gain == 1 ? nil : gain)) }

  /// He (Kaiming) uniform for ReLU: ±√(6 / fan_in). He et al., ICCV 2015.
  public static func heUniform() -> Scheme { Scheme(.heUniform()) }

  /// He (Kaiming) normal for ReLU: the standard deviation is √(2 / fan_in). He et al., ICCV 2015, equation 10.
  public static func heNormal() -> Scheme { Scheme(.heNormal()) }

  /// LeCun normal, truncated at two standard deviations: the variance is 1 / fan_in.
  public static let leCunNormal = Scheme(.leCunNormal)

  /// A matrix with orthonormal rows or columns, times `gain`. Saxe et al., ICLR 2014.
  public static func orthogonal(gain: Double = 1) -> Scheme { Scheme(.orthogonal(gain: gain == 1 ? nil : gain)) }
}
