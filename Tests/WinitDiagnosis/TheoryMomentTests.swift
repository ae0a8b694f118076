// Moments of activation functions, against values that other programs computed.

import Testing
import WinitDiagnosis

@Suite struct TheoryMomentTests {
  private func activation(_ name: String) throws -> ActivationFunction {
    try #require(ActivationFunction(name: name))
  }

  /// Whether two numbers agree to a relative error, or absolutely below 1e-12.
  private func agree(_ value: Double, _ expected: Double, _ error: Double) -> Bool {
    abs(value - expected) <= max(error * abs(expected), 1e-12 * min(1, abs(expected) + 1e-3))
  }

  /// E f², E f and E f′² for N(0, q): mpmath 1.3 with 25 digits, Gauss–Legendre between kinks and on panels of one
  /// standard deviation; f′ as a difference over 2e-8, or in closed form at kinks. mpmath is not limited to binary64.
  static let moments: [(String, Double, Double, Double, Double)] = [
    ("tanh", 1e-6, 9.999980000056665e-07, 0, 0.999998000007),
    ("tanh", 0.01, 0.009805468755532405, 0, 0.980670243465),
    ("tanh", 1, 0.39429449039784115, 0, 0.4644029024483),
    ("tanh", 100, 0.9205368634305167, 0, 0.05310678774812),
    ("tanh", 1e4, 0.992021482480513, 0, 0.005319144644015),
    ("sigmoid", 1e-6, 0.25000006249996876, 0.5, 0.06249996875003),
    ("sigmoid", 0.01, 0.25062189693581394, 0.5, 0.06219020417838),
    ("sigmoid", 1, 0.29337903585809294, 0.5, 0.04483624135019),
    ("sigmoid", 100, 0.4607404398906359, 0.5, 0.006606645503534),
    ("sigmoid", 1e4, 0.4960112332031644, 0.5, 0.0006648609237265),
    ("gelu", 1e-6, 2.500004774640335e-07, 3.9894208093044205e-07, 0.2500006366185),
    ("gelu", 0.01, 0.002546963494577496, 0.0039696240574660716, 0.2562413188289),
    ("gelu", 1, 0.4252214825702987, 0.28209479177387814, 0.4558508656493),
    ("gelu", 100, 49.98148273002282, 3.969624057466072, 0.5053998641834),
    ("gelu", 1e4, 4999.998124582941, 39.89223347833215, 0.5005624679562),
    ("gelu_tanh", 1, 0.42519371103309944, 0.28203858807878873, 0.455817845963),
    ("gelu_tanh", 100, 49.9815998609369, 3.9696552080407486, 0.5054087786667),
    ("silu", 1e-6, 2.5000018749984376e-07, 2.4999993750003126e-07, 0.2500002499998),
    ("silu", 0.01, 0.002518595281558747, 0.0024937810306418606, 0.2524752877688),
    ("silu", 1, 0.35577551981735217, 0.20662096414190703, 0.3794823516328),
    ("silu", 100, 49.87717310747202, 3.9259560109364076, 0.5071538291283),
    ("silu", 1e4, 4999.986884385449, 39.8876679683558, 0.5008561279308),
    ("quick_gelu", 1, 0.4219528068969808, 0.2823305528127853, 0.4495492004791),
    ("quick_gelu", 100, 49.97399819332779, 3.9670344902636834, 0.5047389871628),
    ("mish", 1, 0.45234219237588275, 0.24040388837479143, 0.479083758374),
    ("mish", 100, 49.98453565963621, 3.9457764618245377, 0.5071246280363),
    ("softplus", 1e-6, 0.48045343720502176, 0.6931473055599296, 0.2500000625),
    ("softplus", 0.01, 0.48468839105428874, 0.6943956232408094, 0.2506218969358),
    ("softplus", 1, 0.9212459088593002, 0.8060591833474398, 0.2933790358581),
    ("softplus", 100, 50.09361702725157, 4.054313031171149, 0.4607404398906),
    ("softplus", 1e4, 5000.009588622627, 39.90078962223357, 0.4960112332032),
    ("selu", 1e-6, 2.0949794386491178e-06, -0.0002817718211426163, 2.094979824192),
    ("selu", 0.01, 0.018755888123241266, -0.024049118062213312, 1.878729311263),
    ("selu", 1, 1.0, 0, 1.071574992456),
    ("selu", 100, 56.561363160460665, 3.38209750159134, 0.6134880871071),
    ("selu", 1e4, 5521.389786666418, 41.04486822157179, 0.5581516082762),
    ("elu", 1, 0.6449454174929239, 0.16052057226655606, 0.6681020012232),
    ("elu", 100, 50.44088422744555, 3.528929498115713, 0.5198976156483),
    ("hardswish", 1e-6, 2.500000833333333e-07, 1.6666666666666665e-07, 0.2500001111111),
    ("hardswish", 0.01, 0.0025083333333333333, 0.0016666666666666666, 0.2511111111111),
    ("hardswish", 1, 0.3315673751379077, 0.1662167006561233, 0.3585315171718),
    ("hardswish", 100, 49.929558141878054, 3.9303807396317545, 0.5187126788645),
    ("hardswish", 1e4, 4999.992820423679, 39.888244713708815, 0.5019934549527),
    ("relu6", 1e-6, 5e-07, 0.00039894228040143265, 0.5),
    ("relu6", 0.01, 0.005, 0.03989422804014327, 0.5),
    ("relu6", 1, 0.49999999807527046, 0.3989422802450757, 0.4999999990134123),
    ("relu6", 100, 12.454324290487312, 2.3026954815967717, 0.22574688224992645),
    ("relu6", 1e4, 17.42572984815646, 2.928211924657938, 0.02392218265410684),
    ("relu", 1e-6, 5e-07, 0.00039894228040143265, 0.5),
    ("relu", 0.01, 0.005, 0.03989422804014327, 0.5),
    ("relu", 1, 0.5, 0.3989422804014327, 0.5),
    ("relu", 100, 50.0, 3.989422804014327, 0.5),
    ("relu", 1e4, 5000.0, 39.89422804014327, 0.5),
    ("leaky_relu(0.2)", 1e-6, 5.2e-07, 0.00031915382432114614, 0.52),
    ("leaky_relu(0.2)", 0.01, 0.0052, 0.031915382432114614, 0.52),
    ("leaky_relu(0.2)", 1, 0.52, 0.31915382432114614, 0.52),
    ("leaky_relu(0.2)", 100, 52.0, 3.191538243211461, 0.52),
    ("leaky_relu(0.2)", 1e4, 5200.0, 31.915382432114615, 0.52),
  ]

  @Test(arguments: moments)
  func `moments of a normal input agree with mpmath`(
    name: String, q: Double, second: Double, mean: Double, derivative: Double
  ) throws {
    let activation = try activation(name)
    #expect(agree(activation.secondMoment(q), second, 1e-10), "\(activation.secondMoment(q))")
    #expect(agree(activation.mean(q), mean, 1e-10), "\(activation.mean(q))")
    #expect(agree(activation.derivativeMoment(q), derivative, 1e-8), "\(activation.derivativeMoment(q))")
  }

  /// E f(u)·f(v) for u, v ~ N(m, q) with covariance c: NumPy, E_s (E_a f(m + √c·s + √(q − c)·a))² by the trapezoidal
  /// rule with steps of 0.01 to 0.1 standard deviations, which converges exponentially for smooth f.
  static let crossMoments: [(String, Double, Double, Double, Double)] = [
    ("tanh", 0, 1, 0.5, 0.186324413203448),
    ("tanh", 0, 1, 0.9999, 0.394248051608443),
    ("tanh", 0, 1, -0.3, -0.110668385547446),
    ("tanh", 0, 100, 50, 0.330347028372792),
    ("tanh", 0, 0.01, 0.005, 0.00490250311387128),
    ("tanh", 0.7, 0.5, 0.4, 0.373198249531369),
    ("sigmoid", 0, 1, 0.5, 0.271428325631705),
    ("sigmoid", 0, 1, 0.9999, 0.293374552257664),
    ("sigmoid", 0, 1, -0.3, 0.23717472861695),
    ("sigmoid", 0, 100, 50, 0.330450453411807),
    ("sigmoid", 0, 0.01, 0.005, 0.250310947510552),
    ("sigmoid", 0.7, 0.5, 0.4, 0.443010535876568),
    ("silu", 0, 1, 0.5, 0.183169663088159),
    ("silu", 0, 1, 0.9999, 0.355737572301349),
    ("silu", 0, 1, -0.3, -0.0267569657915683),
    ("silu", 0, 100, 50, 30.0111929267049),
    ("silu", 0, 0.01, 0.005, 0.00125931300930282),
    ("silu", 0.7, 0.5, 0.4, 0.559958700989026),
    ("gelu", 0, 1, 0.5, 0.227294915021991),
    ("gelu", 0, 1, 0.9999, 0.425175898862007),
    ("gelu", 0, 1, -0.3, 0.0126772198056443),
    ("gelu", 0, 100, 50, 30.3131938482575),
    ("gelu", 0, 0.01, 0.005, 0.00127355911976117),
    ("gelu", 0.7, 0.5, 0.4, 0.709343278841054),
    ("softplus", 0, 1, 0.5, 0.780078165206943),
    ("softplus", 0, 1, 0.9999, 0.921216571179895),
    ("softplus", 0, 1, -0.3, 0.576653875302929),
    ("softplus", 0, 100, 50, 30.9047345290152),
    ("softplus", 0, 0.01, 0.005, 0.483436058944369),
    ("softplus", 0.7, 0.5, 0.4, 1.51120406281879),
    ("mish", 0, 1, 0.5, 0.235212562573301),
    ("mish", 0, 1, 0.9999, 0.452294284984439),
    ("mish", 0, 1, -0.3, -0.0309559135845439),
    ("mish", 0, 100, 50, 30.1772049317649),
    ("mish", 0, 0.01, 0.005, 0.0018123048197854),
    ("mish", 0.7, 0.5, 0.4, 0.726680047018675),
  ]

  @Test(arguments: crossMoments)
  func `products of two samples agree with NumPy`(
    name: String, mean: Double, variance: Double, covariance: Double, expected: Double
  ) throws {
    let activation = try activation(name)
    let input = NormalInput(mean: mean, variance: variance)
    let difference = activation.differenceMoment(input, difference: variance - covariance)
    #expect(agree(activation.secondMoment(input) - difference, expected, 1e-9))
    if mean == 0 { #expect(agree(activation.crossMoment(variance, covariance: covariance), expected, 1e-9)) }
  }

  /// The table of the moments at N(0, 1) that the design was measured with: E f², E f′², Var f.
  @Test(arguments: [
    ("linear", 1, 1, 1), ("relu", 0.5, 0.5, 0.341), ("relu6", 0.5, 0.5, 0.341),
    ("leaky_relu", 0.50005, 0.50005, 0.344), ("leaky_relu(0.2)", 0.52, 0.52, 0.418),
    ("gelu", 0.425221, 0.455851, 0.346),
    ("gelu_tanh", 0.425194, 0.455818, 0.346), ("silu", 0.355776, 0.379482, 0.313),
    ("quick_gelu", 0.421953, 0.449549, 0.342), ("tanh", 0.394294, 0.464403, 0.394),
    ("sigmoid", 0.293379, 0.044836, 0.0434), ("selu", 1, 1.0715750, 1), ("elu", 0.644945, 0.668102, 0.619),
    ("mish", 0.452342, 0.479084, 0.395), ("hardswish", 0.331567, 0.358532, 0.304),
    ("softplus", 0.921246, 0.293379, 0.272),
  ])
  func `the table of moments at 1 holds`(
    name: String, second: Double, derivative: Double, variance: Double
  ) throws {
    let activation = try activation(name)
    #expect(abs(activation.secondMoment(1) - second) < 6e-7)
    #expect(abs(activation.derivativeMoment(1) - derivative) < 6e-7)
    let mean = activation.mean(1)
    #expect(abs(activation.secondMoment(1) - mean * mean - variance) < 6e-4)
  }

  /// Cho and Saul 2009, equation 6: E relu(u)·relu(v) = (sin θ + (π − θ)·cos θ)/(2π). At θ = 90° it is 1/(2π), at 60°
  /// (√3/2 + π/3)/(2π), at 180° 0.
  @Test func `ReLU has the arc-cosine kernel`() {
    let relu = ActivationFunction.relu
    #expect(abs(relu.crossMoment(1, covariance: 0) - 0.15915494309189535) < 1e-15)
    #expect(abs(relu.crossMoment(1, covariance: 0.5) - 0.3044988905221147) < 1e-15)
    #expect(abs(relu.crossMoment(9, covariance: 4.5) - 9 * 0.3044988905221147) < 1e-14)
    #expect(abs(relu.crossMoment(1, covariance: -1)) < 1e-15)
    #expect(relu.crossMoment(2, covariance: 2) == 1)
  }

  /// Where two samples are almost equal, ½·E (f(u) − f(v))² ≈ δ·E f′². The closed form would lose all digits as a
  /// difference of moments: δ/q is 1e-20.
  @Test(arguments: ["relu", "leaky_relu(0.2)", "tanh", "gelu", "hardswish", "selu"])
  func `the difference of almost equal samples keeps its digits`(name: String) throws {
    let activation = try activation(name)
    let difference = activation.differenceMoment(NormalInput(variance: 1), difference: 1e-20)
    #expect(abs(difference / (1e-20 * activation.derivativeMoment(1)) - 1) < 1e-6)
  }

  /// A normal distribution that is not centered, as behind a residual sum of rectified values: E relu(u)² =
  /// (m² + v)·Φ(m/s) + m·s·φ(m/s), and E relu(u) = m·Φ + s·φ, for m = 1, v = 4, by mpmath.
  @Test func `ReLU of values that are not centered has the rectified normal's moments`() {
    let input = NormalInput(mean: 1, variance: 4)
    #expect(abs(ActivationFunction.relu.secondMoment(input) - 4.161442959898664) < 1e-12)
    #expect(abs(ActivationFunction.relu.mean(input) - 1.395593114802612) < 1e-12)
    #expect(abs(ActivationFunction.relu.derivativeMoment(input) - 0.6914624612740131) < 1e-12)
    // The general quadrature and the closed form of centered values are different code: they agree in the limit.
    let almost = NormalInput(mean: 1e-9, variance: 1)
    for difference in [1e-6, 0.1, 0.7, 1.5] {
      let exact = ActivationFunction.relu.differenceMoment(NormalInput(variance: 1), difference: difference)
      let general = ActivationFunction.relu.differenceMoment(almost, difference: difference)
      #expect(abs(general / exact - 1) < 1e-7)
    }
  }

  @Test(arguments: ["relu", "leaky_relu(0.2)", "tanh", "silu"])
  func `products of derivatives lie between the square of the mean and the mean of the square`(name: String) throws {
    let activation = try activation(name)
    let input = NormalInput(variance: 1)
    #expect(abs(activation.derivativeCrossMoment(input, difference: 0) - activation.derivativeMoment(1)) < 1e-15)
    let independent = activation.derivativeCrossMoment(input, difference: 1)
    // E f′ by Stein's lemma is E x·f(x): 0.5, 0.6, 0.605705510, 0.5 (silu: σ(x) + x·σ′(x) has the mean ½).
    let means = ["relu": 0.5, "leaky_relu(0.2)": 0.6, "tanh": 0.6057055096, "silu": 0.5]
    let mean = try #require(means[name])
    #expect(abs(independent - mean * mean) < 1e-8)
  }
}
