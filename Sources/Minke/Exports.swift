// `import Minke` is enough: what its interface is made of comes along.
@_exported public import MinkeChat
@_exported public import MinkeEngine
@_exported public import MinkeGrammar
@_exported public import MinkeModels
@_exported public import MinkeSampling
