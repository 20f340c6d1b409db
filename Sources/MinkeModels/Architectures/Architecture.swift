internal import MinkeCheckpoints
internal import MinkeTensors

/// One family of models: what its checkpoints say of it, its weights by name, its forward pass.
protocol Architecture {
  /// `general.architecture`, and the prefix of the family's metadata keys.
  static var name: String { get }

  static func configuration(_ reader: HyperparameterReader, vocabularySize: Int) throws(CheckpointError)
    -> ModelConfiguration

  init(_ configuration: ModelConfiguration, _ weights: inout WeightLoader) throws

  /// From `pass.tokens` to `pass.logits`. Every worker of a region runs it.
  func forward(_ pass: ForwardPass, worker: Worker)
}

/// A family that is the common decoder with attention of one kind: only its configuration differs.
protocol DecoderArchitecture: Architecture {
  associatedtype Mixer: SequenceMixer

  var decoder: Decoder<Mixer> { get }

  init(decoder: Decoder<Mixer>)
}

extension DecoderArchitecture {
  init(_ configuration: ModelConfiguration, _ weights: inout WeightLoader) throws {
    self.init(decoder: try Decoder(configuration, &weights))
  }

  func forward(_ pass: ForwardPass, worker: Worker) { decoder(pass, worker: worker) }
}

/// The architectures there are.
package enum ArchitectureRegistry {
  static var all: [any Architecture.Type] {
    [
      Llama.self, Qwen2.self, Qwen2MoE.self, Qwen3.self, Qwen3MoE.self, Gemma3.self, DeepSeek2.self,
      MiniMaxM2.self, MiniMax01.self,
    ]
  }

  /// The names that `general.architecture` may have.
  package static var names: [String] { all.map { $0.name } }

  static func architecture(of metadata: Metadata) throws(CheckpointError) -> any Architecture.Type {
    let key = "general.architecture"
    let name = try metadata.requiredString(key)
    guard let architecture = all.first(where: { $0.name == name }) else {
      throw metadata.invalid(
        key, expected: "one of " + names.joined(separator: ", "),
        remedy: "models of this architecture cannot be run")
    }
    return architecture
  }
}
