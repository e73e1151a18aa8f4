untrusted comment: signify signature
