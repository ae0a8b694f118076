// swift-tools-version: 6.2
import PackageDescription

let strict: [SwiftSetting] = [
  .swiftLanguageMode(.v6),
  .enableUpcomingFeature("ExistentialAny"),
  .enableUpcomingFeature("MemberImportVisibility"),
  .enableUpcomingFeature("InternalImportsByDefault"),
  .treatAllWarnings(as: .error),
]

let crypto = Target.Dependency.product(name: "Crypto", package: "swift-crypto")

func module(_ name: String, _ dependencies: [Target.Dependency] = []) -> Target {
  .target(name: name, dependencies: dependencies, swiftSettings: strict)
}

func tests(of name: String, _ dependencies: [Target.Dependency] = []) -> Target {
  .testTarget(
    name: "\(name)Tests", dependencies: [.target(name: name), "TestSupport"] + dependencies,
    path: "Tests/\(name)", swiftSettings: strict)
}

let migrations = ["v0001_runs", "v0002_years"]

let presets = [
  "alexnet",
  "bert",
  "convnext-timm",
  "efficientnet-timm",
  "efficientnet-torchvision",
  "flax",
  "gpt2",
  "keras",
  "llama",
  "llama-torchtitan",
  "resnet-timm",
  "resnet-torchvision",
  "t5",
  "torch",
  "vgg-torchvision",
  "vit-timm",
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
    .package(url: "https://github.com/apple/swift-crypto", from: "4.0.0"),
    .package(url: "https://github.com/groue/GRDB.swift", from: "7.10.0"),
    .package(url: "https://github.com/jpsim/Yams", from: "6.2.0"),
  ],
  targets: [
    module("Tensors"),
    module("Philox"),
    module("CanonicalJSON"),
    .target(name: "CLawKernels", exclude: ["README.md"]),
    .target(name: "CStore", exclude: ["README.md"]),
    module("InitLaw", ["Tensors", "Philox", "CLawKernels", crypto]),
    module("Initializers", ["Tensors", "InitLaw", "CanonicalJSON"]),
    module("Manifests", ["Tensors", "InitLaw", "CanonicalJSON"]),
    module("TensorFiles", ["Tensors", "CanonicalJSON"]),
    module(
      "ModelSpec",
      [
        "Tensors", "InitLaw", "Initializers", "CanonicalJSON", "TensorFiles", "Presets",
        .product(name: "Yams", package: "Yams"),
      ]),
    .target(
      name: "Presets", path: "presets", resources: presets.map { .embedInCode("\($0).yaml") },
      swiftSettings: strict),
    .target(
      name: "Migrations", path: "migrations", resources: migrations.map { .embedInCode("\($0).sql") },
      swiftSettings: strict),
    module(
      "Store",
      [
        "Tensors", "InitLaw", "Manifests", "CanonicalJSON", "Migrations", "CStore",
        .product(name: "GRDB", package: "GRDB.swift"),
      ]),
    module(
      "WinitRegistry",
      [
        "Tensors", "InitLaw", "Initializers", "Manifests", "CanonicalJSON", "TensorFiles", "ModelSpec",
        "Store",
      ]),
    module("WinitTesting", ["WinitRegistry"]),
    .executableTarget(
      name: "winit-registry",
      dependencies: [
        "WinitRegistry",
        .product(name: "ArgumentParser", package: "swift-argument-parser"),
      ],
      swiftSettings: strict),

    .executableTarget(
      name: "winit-bench", dependencies: ["CanonicalJSON", "InitLaw", "Tensors"],
      path: "Benchmarks/winit-bench",
      swiftSettings: strict),

    .target(
      name: "FuzzTargets",
      dependencies: [
        "Tensors", "CanonicalJSON", "InitLaw", "Initializers", "Manifests", "TensorFiles", "ModelSpec",
        "WinitRegistry",
      ], path: "Fuzz/FuzzTargets", swiftSettings: strict),
    .executableTarget(
      name: "winit-fuzz", dependencies: ["FuzzTargets"], path: "Fuzz/winit-fuzz", swiftSettings: strict),

    .target(name: "TestSupport", path: "Tests/Support", swiftSettings: strict),
    tests(of: "Tensors"),
    tests(of: "CanonicalJSON"),
    tests(of: "Philox"),
    tests(of: "InitLaw", ["Tensors", "Philox", "CanonicalJSON", "Manifests", crypto]),
    tests(of: "Manifests", ["Tensors", "InitLaw", "CanonicalJSON"]),
    tests(of: "Initializers", ["Tensors", "InitLaw", "CanonicalJSON"]),
    tests(of: "TensorFiles", ["Tensors", "CanonicalJSON"]),
    tests(of: "ModelSpec", ["Tensors", "InitLaw", "Initializers", "Presets"]),
    tests(
      of: "Store",
      [
        "Tensors", "InitLaw", "Manifests", "CanonicalJSON", "Migrations",
        .product(name: "GRDB", package: "GRDB.swift"),
      ]),
    tests(of: "WinitRegistry", [.product(name: "GRDB", package: "GRDB.swift")]),
    tests(of: "WinitTesting", ["WinitRegistry", .product(name: "GRDB", package: "GRDB.swift")]),
    tests(of: "FuzzTargets", ["winit-fuzz"]),
    .testTarget(
      name: "EndToEndTests", dependencies: ["winit-registry", "CanonicalJSON", "TestSupport"],
      path: "Tests/EndToEnd", swiftSettings: strict),
  ]
)
