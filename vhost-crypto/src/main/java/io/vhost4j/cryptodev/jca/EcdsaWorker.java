// SPDX-License-Identifier: BSD-3-Clause
package io.vhost4j.cryptodev.jca;

import io.vhost4j.crypto.CryptoRequest;
import io.vhost4j.crypto.CryptoStatus;
import java.security.GeneralSecurityException;
import java.security.InvalidKeyException;
import java.security.PrivateKey;
import java.security.PublicKey;
import java.security.Signature;
import java.security.SignatureException;

/** ECDSA of digests; signatures are in DER (RFC 3279). */
final class EcdsaWorker extends Worker {
    private final Signature signature;
    private final EcdsaKeys keys;
    private int written;

    EcdsaWorker(Signature signature, EcdsaKeys keys) {
        this.signature = signature;
        this.keys = keys;
    }

    @Override
    CryptoStatus run(CryptoRequest request) throws GeneralSecurityException {
        return switch (request.operation()) {
            case SIGN -> sign(request);
            case VERIFY -> verify(request);
            default -> CryptoStatus.NOTSUPP;
        };
    }

    private CryptoStatus sign(CryptoRequest request) throws GeneralSecurityException {
        PrivateKey key = keys.privateKey();
        if (key == null) {
            throw new InvalidKeyException("the session has a public key");
        }
        signature.initSign(key);
        signature.update(request.input(), request.sourceAt(), request.sourceBytes());
        byte[] made = signature.sign();
        if (made.length > request.destinationBytes()) {
            return CryptoStatus.ERR;
        }
        System.arraycopy(made, 0, request.output(), 0, made.length);
        written = made.length;
        return CryptoStatus.OK;
    }

    private CryptoStatus verify(CryptoRequest request) throws GeneralSecurityException {
        PublicKey key = keys.publicKey();
        if (key == null) {
            throw new InvalidKeyException("the session has a private key");
        }
        signature.initVerify(key);
        signature.update(request.input(), request.expectedAt(), request.expectedBytes());
        written = 0;
        try {
            return signature.verify(request.input(), request.sourceAt(), request.sourceBytes())
                    ? CryptoStatus.OK
                    : CryptoStatus.KEY_REJECTED;
        } catch (SignatureException e) {
            return CryptoStatus.KEY_REJECTED;
        }
    }

    @Override
    int written() {
        return written;
    }

    @Override
    void wipe() {
        // the numbers of the keys are of immutable classes: they go when they are collected
    }
}
