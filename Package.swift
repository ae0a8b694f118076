// swift-tools-version: 6.2
import PackageDescription

let strict: [SwiftSetting] = [
  .swiftLanguageMode(.v6),
  .enableUpcomingFeature("ExistentialAny"),
  .enableUpcomingFeature("MemberImportVisibility"),
  .enableUpcomingFeature("InternalImportsByDefault"),
  .treatAllWarnings(as: .error),
]

let grdb = Target.Dependency.product(name: "GRDB", package: "GRDB.swift")

func module(_ name: String, _ dependencies: [Target.Dependency] = [], exclude: [String] = []) -> Target {
  .target(name: name, dependencies: dependencies, exclude: exclude, swiftSettings: strict)
}

func tests(of name: String, _ dependencies: [Target.Dependency] = []) -> Target {
  .testTarget(
    name: "\(name)Tests", dependencies: [.target(name: name), "WinitTestSupport"] + dependencies,
    path: "Tests/\(name)", swiftSettings: strict)
}

let migrations = ["v0001_runs", "v0002_years", "v0003_terms", "v0004_details", "v0005_diagnoses", "v0006_orders"]

let presets = [
  "alexnet",
  "bert",
  "clip",
  "convnext-timm",
  "efficientnet-timm",
  "efficientnet-torchvision",
  "encodec",
  "flax",
  "gpt2",
  "keras",
  "llama",
  "llama-torchtitan",
  "mamba",
  "mamba2",
  "qwen3-next",
  "recurrent-gemma",
  "resnet-timm",
  "resnet-torchvision",
  "roberta",
  "rwkv",
  "swin",
  "swin-timm",
  "t5",
  "torch",
  "vgg-torchvision",
  "vit-timm",
  "wav2vec2",
  "whisper",
  "xlstm",
]

let package = Package(
  name: "winit-registry",
  platforms: [.macOS(.v15)],
  products: [
    .library(name: "WinitRegistry", targets: ["WinitRegistry"]),
    .library(name: "WinitTesting", targets: ["WinitTesting"]),
    .executable(name: "winit-registry", targets: ["winit-registry"]),
  ],
  dependencies: [
    .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.0"),
    .package(url: "https://github.com/groue/GRDB.swift", from: "7.10.0"),
  ],
  targets: [
    // The system's libraries. On Apple's systems CryptoKit takes libcrypto's place.
    .systemLibrary(
      name: "CWinitLibcrypto", pkgConfig: "libcrypto",
      providers: [.apt(["libssl-dev"]), .brew(["openssl@3"])]),
    .systemLibrary(
      name: "CWinitLibyaml", pkgConfig: "yaml-0.1", providers: [.apt(["libyaml-dev"]), .brew(["libyaml"])]),
    .systemLibrary(name: "CWinitZlib", pkgConfig: "zlib", providers: [.apt(["zlib1g-dev"])]),

    // From values to use cases: each target may import those above it.
    .target(name: "CWinitKernels", exclude: ["README.md"]),
    .target(name: "CWinitStorage", exclude: ["README.md"]),
    module("WinitJSON"),
    module(
      "WinitCore",
      ["WinitJSON", "CWinitKernels", .target(name: "CWinitLibcrypto", condition: .when(platforms: [.linux]))]),
    module("WinitInitializers", ["WinitCore", "WinitJSON"]),
    module("WinitDiagnosis", ["WinitCore", "WinitInitializers", "WinitJSON", "CWinitKernels"]),
    module("WinitReport", ["WinitDiagnosis", "WinitCore", "WinitJSON"]),
    module("WinitFiles", ["WinitCore", "WinitJSON", "CWinitZlib"]),
    .target(
      name: "WinitPresets", path: "presets", resources: presets.map { .embedInCode("\($0).yaml") },
      swiftSettings: strict),
    module(
      "WinitSpec",
      [
        "WinitCore", "WinitInitializers", "WinitDiagnosis", "WinitJSON", "WinitFiles", "WinitPresets", "CWinitLibyaml",
      ]),
    .target(
      name: "WinitMigrations", path: "migrations", resources: migrations.map { .embedInCode("\($0).sql") },
      swiftSettings: strict),
    module("WinitStorage", ["WinitCore", "WinitJSON", "WinitFiles", "WinitMigrations", "CWinitStorage", grdb]),
    module(
      "WinitRegistry",
      [
        "WinitCore", "WinitInitializers", "WinitDiagnosis", "WinitReport", "WinitJSON", "WinitFiles", "WinitSpec",
        "WinitStorage",
      ]),
    module("WinitTesting", ["WinitRegistry"]),
    .executableTarget(
      name: "winit-registry",
      dependencies: [
        "WinitRegistry", "WinitCore", "WinitDiagnosis", "WinitReport", "WinitFiles", "WinitInitializers", "WinitJSON",
        .product(name: "ArgumentParser", package: "swift-argument-parser"),
      ],
      swiftSettings: strict),

    // Tools of the project itself.
    .executableTarget(
      name: "winit-bench", dependencies: ["WinitCore", "WinitJSON"], path: "Benchmarks/winit-bench",
      swiftSettings: strict),
    .target(
      name: "WinitFuzzTargets",
      dependencies: [
        "WinitCore", "WinitInitializers", "WinitDiagnosis", "WinitReport", "WinitJSON", "WinitFiles", "WinitSpec",
        "WinitStorage", "WinitRegistry",
      ],
      path: "Fuzz/WinitFuzzTargets", swiftSettings: strict),
    .executableTarget(
      name: "winit-fuzz", dependencies: ["WinitFuzzTargets"], path: "Fuzz/winit-fuzz", swiftSettings: strict),

    .target(name: "WinitTestSupport", path: "Tests/Support", swiftSettings: strict),
    tests(of: "WinitJSON"),
    tests(of: "WinitCore", ["WinitJSON", "CWinitKernels"]),
    tests(of: "WinitInitializers", ["WinitCore", "WinitJSON"]),
    tests(of: "WinitDiagnosis", ["WinitCore", "WinitInitializers", "WinitJSON"]),
    tests(of: "WinitReport", ["WinitDiagnosis", "WinitCore", "WinitJSON"]),
    tests(of: "WinitFiles", ["WinitCore", "WinitJSON"]),
    tests(of: "WinitSpec", ["WinitCore", "WinitInitializers", "WinitDiagnosis", "WinitJSON", "WinitPresets"]),
    tests(of: "WinitStorage", ["WinitCore", "WinitJSON", "WinitMigrations", "CWinitStorage", grdb]),
    tests(
      of: "WinitRegistry",
      ["WinitCore", "WinitDiagnosis", "WinitJSON", "WinitFiles", "WinitSpec", "WinitStorage", "CWinitKernels", grdb]),
    tests(of: "WinitTesting", ["WinitRegistry", grdb]),
    tests(of: "WinitFuzzTargets", ["winit-fuzz"]),
    .testTarget(
      name: "EndToEndTests", dependencies: ["winit-registry", "WinitJSON", "WinitRegistry", "WinitTestSupport"],
      path: "Tests/EndToEnd", swiftSettings: strict),
  ]
)
