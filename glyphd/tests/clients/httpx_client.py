"""httpx, told of the proxy and the CA by its environment: prints a line for each exchange.

usage: httpx_client.py BASE [http2]
"""
import asyncio
import sys

import httpx


async def main(base, http2):
    async with httpx.AsyncClient(http2=http2, timeout=20) as client:
        for path in ("/a", "/gzip"):
            answer = await client.get(base + path)
            print(answer.http_version, answer.status_code, answer.text)
        answer = await client.post(base + "/upload", content=b"x" * 100_000)
        print(answer.http_version, answer.status_code, answer.text)
        answers = await asyncio.gather(*(client.get(f"{base}/many/{n}") for n in range(20)))
        print(sum(answer.status_code == 200 for answer in answers))


asyncio.run(main(sys.argv[1], sys.argv[2:] == ["http2"]))
