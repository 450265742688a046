"""The official worker with the smallest handler there is: what it costs to start and to wait is the library's own."""
import runpod

runpod.serverless.start({"handler": lambda job: job["input"]})
