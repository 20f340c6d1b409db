// swift-tools-version: 6.2

import PackageDescription

let package = Package(
  name: "Ask",
  platforms: [.macOS(.v26)],
  dependencies: [.package(path: "../minke")],
  targets: [
    .executableTarget(name: "Ask", dependencies: [.product(name: "Minke", package: "minke")])
  ]
)
