#!/usr/bin/python3
"""What another program does to the same bucket with boto3: one command, its result as one line of JSON.

Endpoint, bucket and region come as options, the keys from the environment as boto3 reads them. Knows nothing of Darkroom.
"""
import argparse
import json
import pathlib
import sys
import urllib.error
import urllib.request

import boto3
import boto3.s3.transfer
import botocore.config
import botocore.exceptions

MIB = 1 << 20


def put(client, bucket, key, file, content_type):
    """Above 8 MiB in parts, as boto3 does by itself."""
    client.upload_file(file, bucket, key, ExtraArgs={"ContentType": content_type},
                       Config=boto3.s3.transfer.TransferConfig(multipart_threshold=8 * MIB, multipart_chunksize=8 * MIB))
    return head(client, bucket, key)


def get(client, bucket, key, file):
    client.download_file(bucket, key, file)
    return head(client, bucket, key)


def head(client, bucket, key):
    answer = client.head_object(Bucket=bucket, Key=key)
    return {"bytes": answer["ContentLength"], "content_type": answer["ContentType"], "etag": answer["ETag"]}


def put_many(client, bucket, prefix, count):
    for number in range(int(count)):
        client.put_object(Bucket=bucket, Key=f"{prefix}{number:04}", Body=b"x" * number)
    return {}


def put_key(client, bucket, key, text):
    """For keys that are nobody's business but the client's."""
    client.put_object(Bucket=bucket, Key=key, Body=text.encode())
    return {}


def list_keys(client, bucket, prefix):
    pages = client.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=prefix, PaginationConfig={"PageSize": 7})
    return {"keys": [entry["Key"] for page in pages for entry in page.get("Contents", [])]}


def list_uploads(client, bucket):
    return {"keys": [upload["Key"] for upload in client.list_multipart_uploads(Bucket=bucket).get("Uploads", [])]}


def begin_upload(client, bucket, key, file):
    """A multipart upload with one part, never finished."""
    upload = client.create_multipart_upload(Bucket=bucket, Key=key)["UploadId"]
    client.upload_part(Bucket=bucket, Key=key, UploadId=upload, PartNumber=1, Body=pathlib.Path(file).read_bytes())
    return {}


def delete(client, bucket, key):
    client.delete_object(Bucket=bucket, Key=key)
    return {}


def presign_get(client, bucket, key):
    return {"url": client.generate_presigned_url("get_object", {"Bucket": bucket, "Key": key}, ExpiresIn=60)}


def presign_put(client, bucket, key, content_type):
    terms = {"Bucket": bucket, "Key": key, "ContentType": content_type}
    return {"url": client.generate_presigned_url("put_object", terms, ExpiresIn=60)}


def fetch_url(client, bucket, url, file):
    """Not boto3: what Python's own HTTP client makes of a URL it was given."""
    with urllib.request.urlopen(url) as answer:
        pathlib.Path(file).write_bytes(answer.read())
        return {"content_type": answer.headers["Content-Type"], "disposition": answer.headers["Content-Disposition"]}


def put_url(client, bucket, url, file, *headers):
    request = urllib.request.Request(url, data=pathlib.Path(file).read_bytes(), method="PUT")
    for line in headers:
        request.add_header(*line.split(": ", 1))
    with urllib.request.urlopen(request) as answer:
        return {"status": answer.status}


COMMANDS = (put, get, head, put_many, put_key, list_keys, list_uploads, begin_upload, delete, presign_get, presign_put,
            fetch_url, put_url)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--endpoint", required=True)
    parser.add_argument("--region", required=True)
    parser.add_argument("--bucket", required=True)
    parser.add_argument("command", choices=[command.__name__ for command in COMMANDS])
    parser.add_argument("arguments", nargs="*")
    wanted = parser.parse_args()
    client = boto3.client("s3", endpoint_url=wanted.endpoint, region_name=wanted.region,
                          config=botocore.config.Config(signature_version="s3v4", s3={"addressing_style": "path"}))
    command = next(command for command in COMMANDS if command.__name__ == wanted.command)
    try:
        print(json.dumps(command(client, wanted.bucket, *wanted.arguments)))
    except (botocore.exceptions.BotoCoreError, botocore.exceptions.ClientError, urllib.error.URLError) as error:
        sys.exit(f"boto3_client: {error}")


if __name__ == "__main__":
    main()
