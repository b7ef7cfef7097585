// SPDX-License-Identifier: Apache-2.0
// A rotation function: the password of an HTTP service, the secret being
// {"url": "http://...", "username": "app", "password": "..."}. README.md beside it registers it.
import {
  SecretsManager, ResourceNotFoundException
} from '@aws-sdk/client-secrets-manager';

const sm = new SecretsManager({ endpoint: process.env.SECRETS_MANAGER_ENDPOINT });

const read = async (SecretId, VersionStage, VersionId) =>
  JSON.parse((await sm.getSecretValue({ SecretId, VersionStage, VersionId })).SecretString);

// Does the service take this password? With a new one: and has changed to it.
async function accepted({ url, username, password }, newPassword) {
  const answer = await fetch(url, {
    method: newPassword ? 'PUT' : 'GET', body: newPassword, signal: AbortSignal.timeout(5000),
    headers: { Authorization: 'Basic ' + Buffer.from(`${username}:${password}`).toString('base64') },
  });
  if (!answer.ok && answer.status !== 401) throw new Error(`the service says ${answer.status}`);
  return answer.ok;
}

const steps = {
  async createSecret(SecretId, token) {
    try {
      await read(SecretId, 'AWSPENDING', token);  // never replace a value the service may know
    } catch (e) {
      if (!(e instanceof ResourceNotFoundException)) throw e;
      const value = await read(SecretId, 'AWSCURRENT');
      value.password = (await sm.getRandomPassword({ ExcludePunctuation: true })).RandomPassword;
      await sm.putSecretValue({ SecretId, ClientRequestToken: token,
        SecretString: JSON.stringify(value), VersionStages: ['AWSPENDING'] });
    }
  },
  async setSecret(SecretId, token) {
    const pending = await read(SecretId, 'AWSPENDING', token);
    if (!await accepted(pending) && !await accepted(await read(SecretId, 'AWSCURRENT'), pending.password))
      throw new Error('the service takes neither the pending nor the current password');
  },
  async testSecret(SecretId, token) {
    if (!await accepted(await read(SecretId, 'AWSPENDING', token)))
      throw new Error('the service does not take the pending password');
  },
  async finishSecret(SecretId, token, stages) {
    const current = Object.keys(stages).find((v) => stages[v].includes('AWSCURRENT'));
    await sm.updateSecretVersionStage({ SecretId, VersionStage: 'AWSCURRENT',
      MoveToVersionId: token, RemoveFromVersionId: current });
  },
};

export async function handler({ Step, SecretId, ClientRequestToken: token }) {
  const { VersionIdsToStages: stages } = await sm.describeSecret({ SecretId });
  if (stages[token].includes('AWSCURRENT')) return;  // a repeated step of a finished rotation
  if (!stages[token].includes('AWSPENDING')) throw new Error(`version ${token} is not AWSPENDING`);
  await steps[Step](SecretId, token, stages);
}
