internal import ArgumentParser
internal import Minke

/// How keys and values are stored: what commands that run a model take on their command line.
struct CacheOptions: ParsableArguments {
  @Option(
    name: .customLong("cache-type-k"),
    help: ArgumentHelp("How keys are stored: \(CacheType.choices).", valueName: "type"),
    transform: CacheType.init(argument:))
  var keys = CacheType.f16

  @Option(
    name: .customLong("cache-type-v"),
    help: ArgumentHelp("How values are stored: \(CacheType.choices).", valueName: "type"),
    transform: CacheType.init(argument:))
  var values = CacheType.f16
}

extension CacheType {
  fileprivate static let choices = "f16, bf16 or q8_0"

  fileprivate init(argument: String) throws {
    guard let type = CacheType(rawValue: argument) else {
      throw ValidationError("'\(argument)' is no type of cache; expected \(Self.choices)")
    }
    self = type
  }
}
