/** A certificate for `localhost` that nobody vouches for, good until the year 2126, and its key: secret to nobody, of use to nobody. */
export const selfSigned = {
  cert: `-----BEGIN CERTIFICATE-----
MIIBlTCCATugAwIBAgIUTHfK70SnyWKwBXdh7qDR4Vlv+YgwCgYIKoZIzj0EAwIw
FDESMBAGA1UEAwwJbG9jYWxob3N0MCAXDTI2MTEyMzAxMjIzMVoYDzIxMjYxMDMw
MDEyMjMxWjAUMRIwEAYDVQQDDAlsb2NhbGhvc3QwWTATBgcqhkjOPQIBBggqhkjO
PQMBBwNCAASqgBQwjMAln/kGY7kJjpDYDuUJzGgo25pTaiKwgjsxdj1HQc/C8s85
w3r79ogPnp30gdBeGe8DuzDvh94Se8WSo2kwZzAdBgNVHQ4EFgQUNZ3nAX+CqMw3
HGYljPOqrQqkH5owHwYDVR0jBBgwFoAUNZ3nAX+CqMw3HGYljPOqrQqkH5owDwYD
VR0TAQH/BAUwAwEB/zAUBgNVHREEDTALgglsb2NhbGhvc3QwCgYIKoZIzj0EAwID
SAAwRQIhAOYRKIPo0I8NQHMjjmU7VEEQaGFSbPnWqswlUzgpSeywAiBcZTqQy2WL
AlVmYKDgHcE4W3hUI95nK+ROPBZZCjM1pg==
-----END CERTIFICATE-----
`,
  key: `-----BEGIN PRIVATE KEY-----
MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgudqXWFHaClRs3l27
fCu2NBfeLmPlsxsQUTvdyn8cB9mhRANCAASqgBQwjMAln/kGY7kJjpDYDuUJzGgo
25pTaiKwgjsxdj1HQc/C8s85w3r79ogPnp30gdBeGe8DuzDvh94Se8WS
-----END PRIVATE KEY-----
`,
} as const;
