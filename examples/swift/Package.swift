// swift-tools-version: 6.2
import PackageDescription

let package = Package(
  name: "example",
  platforms: [.macOS(.v15)],
  dependencies: [
    // The example uses the checkout that contains it. A package of your own uses the URL instead (OWNER is a placeholder
    // until the project is published):
    //   .package(url: "https://github.com/OWNER/winit-registry", from: "0.2.0")
    .package(name: "winit-registry", path: "../..")
  ],
  targets: [
    .executableTarget(
      name: "Example", dependencies: [.product(name: "WinitRegistry", package: "winit-registry")]),
    .testTarget(
      name: "ExampleTests",
      dependencies: [
        .product(name: "WinitRegistry", package: "winit-registry"),
        .product(name: "WinitTesting", package: "winit-registry"),
      ]),
  ]
)
