# SPDX-License-Identifier: Apache-2.0
"""A rotation function: the password of an HTTP service, the secret being
{"url": "http://...", "username": "app", "password": "..."}. README.md beside it registers it."""
import base64, json, os, urllib.error, urllib.request
import boto3

sm = boto3.client('secretsmanager', endpoint_url=os.environ['SECRETS_MANAGER_ENDPOINT'])

def read(arn, stage, **version):
    return json.loads(sm.get_secret_value(SecretId=arn, VersionStage=stage, **version)['SecretString'])

def accepted(secret, new_password=None):
    """Does the service take this password? With a new one: and has changed to it."""
    login = base64.b64encode(f"{secret['username']}:{secret['password']}".encode()).decode()
    request = urllib.request.Request(secret['url'], headers={'Authorization': 'Basic ' + login},
                                     data=new_password and new_password.encode(),
                                     method='PUT' if new_password else 'GET')
    try:
        return urllib.request.urlopen(request, timeout=5).status == 200
    except urllib.error.HTTPError as e:
        if e.code == 401:
            return False
        raise

def create(arn, token, stages):
    try:
        read(arn, 'AWSPENDING', VersionId=token)    # never replace a value the service may know
    except sm.exceptions.ResourceNotFoundException:
        value = read(arn, 'AWSCURRENT')
        value['password'] = sm.get_random_password(ExcludePunctuation=True)['RandomPassword']
        sm.put_secret_value(SecretId=arn, ClientRequestToken=token, SecretString=json.dumps(value),
                            VersionStages=['AWSPENDING'])

def set_(arn, token, stages):
    pending = read(arn, 'AWSPENDING', VersionId=token)
    if not accepted(pending) and not accepted(read(arn, 'AWSCURRENT'), pending['password']):
        raise ValueError('the service takes neither the pending nor the current password')

def test(arn, token, stages):
    if not accepted(read(arn, 'AWSPENDING', VersionId=token)):
        raise ValueError('the service does not take the pending password')

def finish(arn, token, stages):
    current = next(v for v, labels in stages.items() if 'AWSCURRENT' in labels)
    sm.update_secret_version_stage(SecretId=arn, VersionStage='AWSCURRENT', MoveToVersionId=token,
                                   RemoveFromVersionId=current)

STEPS = {'createSecret': create, 'setSecret': set_, 'testSecret': test, 'finishSecret': finish}

def lambda_handler(event, context):
    arn, token = event['SecretId'], event['ClientRequestToken']
    stages = sm.describe_secret(SecretId=arn)['VersionIdsToStages']
    if 'AWSCURRENT' in stages[token]:
        return                                      # a repeated step of a finished rotation
    if 'AWSPENDING' not in stages[token]:
        raise ValueError(f'version {token} is not AWSPENDING')
    STEPS[event['Step']](arn, token, stages)
