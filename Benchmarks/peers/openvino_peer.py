"""OpenVINO GenAI, which reads GGUF files of some architectures and types itself.

It has no way to read a prompt and keep the cache for others to continue, but for its cache of prefixes: a prompt of
`depth` tokens is read once, and each round continues it with fresh ones."""
import time

import numpy
import openvino
import openvino_genai

SHORT = 32  # Ids before what is decoded.


class OpenVINO:
    def __init__(self, path: str, threads: int):
        self.path, self.options = path, {"INFERENCE_NUM_THREADS": threads}
        self.loaded, self.kept = {}, {}

    def prefill(self, prompt, generate, depth, batch, draw):
        kept = self.keep(depth, draw)
        result, seconds = self.timed(self.pipeline(depth > 0), [kept + self.ids(prompt, draw)], 1)
        return prompt, seconds

    def decode(self, prompt, generate, depth, batch, draw):
        if batch > 1:
            return self.crowd(generate, batch, draw)
        # The time of one token more than the first.
        ids = self.keep(depth, draw) + self.ids(SHORT, draw)
        result, _ = self.timed(self.pipeline(depth > 0), [ids], 1 + generate)
        return generate, generate * result.perf_metrics.get_tpot().mean / 1e3

    def crowd(self, generate, batch, draw):
        """All sequences' tokens after their first, in the time from the first token of all to the end."""
        prompts = [self.ids(SHORT, draw) for _ in range(batch)]
        result, seconds = self.timed(self.pipeline(False), prompts, 1 + generate)
        return generate * batch, seconds - result.perf_metrics.get_ttft().mean / 1e3

    def first_token(self, ids, context):
        result, _ = self.timed(self.pipeline(False), [ids], 1)
        return self.pipeline(False).get_tokenizer().decode(result.tokens[0])

    # Below: pipelines and prompts.

    def pipeline(self, keeps_prefixes):
        """The model with or without a cache of prefixes. Only one is in memory."""
        if keeps_prefixes not in self.loaded:
            self.loaded.clear()
            self.kept.clear()
            scheduler = openvino_genai.SchedulerConfig()
            scheduler.enable_prefix_caching = keeps_prefixes
            self.loaded[keeps_prefixes] = openvino_genai.LLMPipeline(
                self.path, "CPU", scheduler_config=scheduler, **self.options)
            self.size = len(self.loaded[keeps_prefixes].get_tokenizer().get_vocab())
        return self.loaded[keeps_prefixes]

    def keep(self, depth, draw):
        """Ids that the cache of prefixes holds."""
        if depth == 0:
            return []
        pipeline = self.pipeline(True)
        if depth not in self.kept:
            self.kept[depth] = self.ids(depth, draw)
            self.timed(pipeline, [self.kept[depth]], 1)
        return self.kept[depth]

    def timed(self, pipeline, prompts, count):
        """Greedy continuations of `count` tokens each."""
        configuration = openvino_genai.GenerationConfig()
        configuration.max_new_tokens = configuration.min_new_tokens = count
        configuration.ignore_eos = True
        configuration.do_sample = False
        ids = numpy.array(prompts, dtype=numpy.int64)
        inputs = openvino_genai.TokenizedInputs(
            openvino.Tensor(ids), openvino.Tensor(numpy.ones_like(ids)))
        start = time.perf_counter()
        result = pipeline.generate(inputs, configuration)
        return result, time.perf_counter() - start

    def ids(self, count, draw):
        return [draw.randrange(self.size) for _ in range(count)]
