// SPDX-License-Identifier: BSD-3-Clause
package io.vhost4j.cryptodev.jca;

import io.vhost4j.crypto.SessionParameters;
import java.math.BigInteger;
import java.security.GeneralSecurityException;
import java.security.InvalidKeyException;
import java.security.KeyFactory;
import java.security.PrivateKey;
import java.security.PublicKey;
import java.security.spec.RSAPrivateCrtKeySpec;
import java.security.spec.RSAPrivateKeySpec;
import java.security.spec.RSAPublicKeySpec;
import org.jspecify.annotations.Nullable;

/**
 * RSA keys out of DER (RFC 8017, appendix A.1).
 *
 * @param privateKey null for a public key
 * @param bytes of the modulus
 */
record RsaKeys(PublicKey publicKey, @Nullable PrivateKey privateKey, int bytes) {
    /** Larger ones would keep a thread for long. */
    private static final int MAX_BITS = 4096;

    private static final int MIN_BITS = 512;
    private static final int MAX_EXPONENT_BITS = 64;

    static RsaKeys of(KeyFactory factory, SessionParameters.Rsa parameters) throws GeneralSecurityException {
        DerReader der = DerReader.ofSequence(parameters.key().bytes());
        if (parameters.privateKey() && der.integer().bitLength() > 1) {
            throw new InvalidKeyException("version of an RSA key with more than two primes");
        }
        BigInteger modulus = der.integer();
        BigInteger exponent = der.integer();
        int bits = modulus.bitLength();
        if (bits < MIN_BITS || bits > MAX_BITS || exponent.bitLength() > MAX_EXPONENT_BITS) {
            throw new InvalidKeyException("RSA modulus of " + bits + " bits, public exponent of "
                    + exponent.bitLength() + ": must have " + MIN_BITS + " to " + MAX_BITS + ", and at most "
                    + MAX_EXPONENT_BITS);
        }
        PublicKey publicKey = factory.generatePublic(new RSAPublicKeySpec(modulus, exponent));
        PrivateKey privateKey = parameters.privateKey() ? readPrivate(factory, der, modulus, exponent) : null;
        if (der.hasMore()) {
            throw new InvalidKeyException("RSA key with more numbers than it should have");
        }
        return new RsaKeys(publicKey, privateKey, (bits + Byte.SIZE - 1) / Byte.SIZE);
    }

    private static PrivateKey readPrivate(KeyFactory factory, DerReader der, BigInteger modulus, BigInteger exponent)
            throws GeneralSecurityException {
        BigInteger secret = der.integer();
        BigInteger[] crt = new BigInteger[5];
        for (int i = 0; i < crt.length; i++) {
            crt[i] = der.integer();
        }
        if (secret.signum() == 0 || secret.compareTo(modulus) >= 0) {
            throw new InvalidKeyException("RSA private exponent out of range");
        }
        // some write zeros for what they do not know
        if (!crt[0].multiply(crt[1]).equals(modulus)) {
            return factory.generatePrivate(new RSAPrivateKeySpec(modulus, secret));
        }
        return factory.generatePrivate(
                new RSAPrivateCrtKeySpec(modulus, exponent, secret, crt[0], crt[1], crt[2], crt[3], crt[4]));
    }
}
