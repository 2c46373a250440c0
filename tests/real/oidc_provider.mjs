// A provider of OpenID Connect that nobody here wrote (npm: oidc-provider), with one client and settings in JSON:
// port, redirect, people (claims by subject), alg (of ID tokens), method (how the client shows its secret), key (head of
// the keys' names: another one is a rotation; each lies in a file), clock (seconds that it is ahead, or behind).
import { generateKeyPairSync } from "node:crypto";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import Provider from "oidc-provider";

const settings = JSON.parse(process.argv[2]);
const now = Date.now;
Date.now = () => now() + settings.clock * 1000;

const kinds = {
  RS256: ["rsa", { modulusLength: 2048 }],
  PS256: ["rsa", { modulusLength: 2048 }],
  ES256: ["ec", { namedCurve: "P-256" }],
  EdDSA: ["ed25519", {}],
};
const keyOf = (alg, [kind, how]) => {
  const file = `key-${settings.key}-${alg}.json`;
  if (!existsSync(file)) {
    const made = generateKeyPairSync(kind, how).privateKey.export({ format: "jwk" });
    writeFileSync(file, JSON.stringify({ ...made, use: "sig", alg, kid: `${settings.key}-${alg}` }));
  }
  return JSON.parse(readFileSync(file, "utf8"));
};
const keys = [keyOf(settings.alg, kinds[settings.alg]), keyOf("Ed25519", ["ed25519", {}])]; // the latter is not used
const provider = new Provider(`http://127.0.0.1:${settings.port}`, {
  clients: [{
    client_id: settings.client, client_secret: settings.secret, redirect_uris: [settings.redirect],
    token_endpoint_auth_method: settings.method, id_token_signed_response_alg: settings.alg,
  }],
  clientAuthMethods: [settings.method],
  jwks: { keys },
  claims: { openid: ["sub", "groups"], email: ["email", "email_verified"], profile: ["preferred_username"] },
  conformIdTokenClaims: settings.conform,
  findAccount: (_, id) => ({ accountId: id, claims: () => ({ sub: id, ...settings.people[id] }) }),
  ttl: { IdToken: 60 }, // seconds
  cookies: { keys: ["of this test alone"] },
  enabledJWA: { idTokenSigningAlgValues: ["RS256", "PS256", "ES256", "Ed25519", "EdDSA"] },
});
provider.on("server_error", (_, error) => console.error(error));
provider.on("grant.error", (_, error) => console.error(`${error.error}: ${error.error_detail}`));
provider.listen(settings.port, "127.0.0.1", () => console.log("listening"));
