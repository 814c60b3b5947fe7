"""Prepare the S3 of compose.yaml: boto3 finds it by its variables."""

import os

import boto3

client = boto3.client("s3")
client.put_object(Bucket=os.environ["S3_BUCKET"], Key="welcome.txt", Body=b"welcome\n")
