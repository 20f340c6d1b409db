// swift-tools-version: 6.2

import PackageDescription

/// Every Swift target is held to the same settings.
let strict: [SwiftSetting] = [
  .swiftLanguageMode(.v6),
  .strictMemorySafety(),
  .enableUpcomingFeature("ExistentialAny"),
  .enableUpcomingFeature("MemberImportVisibility"),
  .enableUpcomingFeature("InternalImportsByDefault"),
]

/// A library module of Minke.
func module(_ name: String, _ dependencies: [Target.Dependency] = []) -> Target {
  .target(name: name, dependencies: dependencies, swiftSettings: strict)
}

/// The tests of one module; goldens, where there are any, lie in its `Goldens` folder.
func tests(_ name: String, _ dependencies: [Target.Dependency] = [], goldens: Bool = true) -> Target {
  .testTarget(
    name: name + "Tests", dependencies: [.init(stringLiteral: name)] + dependencies,
    resources: goldens ? [.copy("Goldens")] : nil, swiftSettings: strict)
}

/// Modules with no third-party dependency.
let lightTargets: [Target] = [
  .target(name: "CMinkeKernels"),
  module("MinkeTensors", ["CMinkeKernels"]),
  module("MinkeCheckpoints", ["MinkeTensors"]),
  module("MinkeJinja"),
  module("MinkeTokenizers"),
  module("MinkeChat", ["MinkeJinja"]),
  module("MinkeModels", ["MinkeTensors", "MinkeCheckpoints"]),
  module("MinkeSampling"),
  module("MinkeEngine", ["MinkeTensors", "MinkeCheckpoints", "MinkeModels", "MinkeSampling"]),
  module("MinkeGrammar"),
  module(
    "Minke",
    [
      "MinkeCheckpoints", "MinkeTensors", "MinkeModels", "MinkeSampling", "MinkeEngine", "MinkeGrammar",
      "MinkeChat", "MinkeTokenizers",
    ]),

  // An app that shows the library's use.
  .executableTarget(
    name: "PocketChat", dependencies: ["Minke", "MinkeChat"], path: "Examples/PocketChat",
    exclude: ["README.md"], swiftSettings: strict),

  // For tests that count allocations; it stands in for the C library's functions.
  .target(name: "CMinkeAllocationCounter", path: "Tests/AllocationCounter"),
  tests("MinkeTensors", ["CMinkeKernels"]),
  tests("MinkeCheckpoints", ["MinkeTensors"]),
  tests("MinkeJinja"),
  tests("MinkeTokenizers", ["MinkeCheckpoints"]),
  tests("MinkeChat", ["MinkeJinja"]),
  tests("MinkeModels", ["MinkeCheckpoints", "MinkeTensors", "CMinkeAllocationCounter"]),
  tests("MinkeSampling"),
  tests(
    "MinkeEngine", ["MinkeCheckpoints", "MinkeModels", "MinkeTensors", "MinkeSampling"], goldens: false),
  tests("MinkeGrammar"),
]

/// What fetches models and talks to people.
let heavyTargets: [Target] = [
  .target(
    name: "MinkeHub",
    dependencies: [
      "MinkeCheckpoints", .product(name: "Crypto", package: "swift-crypto"),
      .product(name: "AsyncHTTPClient", package: "async-http-client"),
      .product(name: "NIOCore", package: "swift-nio"),
      .product(name: "NIOHTTP1", package: "swift-nio"),
    ],
    resources: [.embedInCode("Catalogue/catalogue.json")], swiftSettings: strict),
  // Lets a static program start where there is no /proc.
  .target(name: "CMinkeStart"),
  .executableTarget(
    name: "MinkeCommand",
    dependencies: [
      "CMinkeStart", "Minke", "MinkeHub", "MinkeChat", "MinkeCheckpoints", "MinkeJinja", "MinkeModels",
      "MinkeSampling", "MinkeTensors", "MinkeTokenizers",
      .product(name: "ArgumentParser", package: "swift-argument-parser"),
    ],
    swiftSettings: strict),

  tests("MinkeHub", ["MinkeCheckpoints", "MinkeTensors"]),
  // The library on real models, which the hub fetches.
  tests(
    "Minke",
    [
      "MinkeHub", "MinkeModels", "MinkeTensors", "MinkeCheckpoints", "MinkeTokenizers", "MinkeChat",
      "MinkeSampling", "MinkeEngine", "MinkeGrammar",
    ]),
  tests("MinkeCommand", ["MinkeHub"]),
]

/// `MINKE_LIGHT=1` leaves out every target with a third-party dependency: the numeric and text modules
/// then build and test in a few minutes.
let light = Context.environment["MINKE_LIGHT"] == "1"

let package = Package(
  name: "minke",
  platforms: [.macOS(.v26), .iOS(.v26), .visionOS(.v26)],
  products: [.library(name: "Minke", targets: ["Minke"])]
    + (light ? [] : [.executable(name: "minke", targets: ["MinkeCommand"])]),
  dependencies: light
    ? []
    : [
      // The command line: Swift's own argument parser, whose errors and help users know.
      .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
      // SHA-256 of fetched files: CryptoKit's interface on every platform.
      .package(url: "https://github.com/apple/swift-crypto", from: "4.5.2"),
      // Fetching models: HTTP with back-pressure that connects to the address that was checked.
      .package(url: "https://github.com/swift-server/async-http-client", from: "1.37.0"),
      .package(url: "https://github.com/apple/swift-nio", from: "2.101.2"),
    ],
  targets: lightTargets + (light ? [] : heavyTargets)
)
