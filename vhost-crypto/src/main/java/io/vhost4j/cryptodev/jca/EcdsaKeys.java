// SPDX-License-Identifier: BSD-3-Clause
package io.vhost4j.cryptodev.jca;

import io.vhost4j.crypto.EllipticCurve;
import io.vhost4j.crypto.SessionParameters;
import java.math.BigInteger;
import java.security.AlgorithmParameters;
import java.security.GeneralSecurityException;
import java.security.InvalidKeyException;
import java.security.KeyFactory;
import java.security.PrivateKey;
import java.security.PublicKey;
import java.security.interfaces.ECPublicKey;
import java.security.spec.ECFieldFp;
import java.security.spec.ECGenParameterSpec;
import java.security.spec.ECParameterSpec;
import java.security.spec.ECPoint;
import java.security.spec.ECPrivateKeySpec;
import java.security.spec.ECPublicKeySpec;
import java.security.spec.X509EncodedKeySpec;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * A key of a curve; the other one is null.
 *
 * @param publicKey to check signatures
 * @param privateKey to sign
 */
record EcdsaKeys(@Nullable PublicKey publicKey, @Nullable PrivateKey privateKey) {
    private static final int UNCOMPRESSED = 0x04;

    static @Nullable String nameOf(EllipticCurve curve) {
        return switch (curve) {
            case P256 -> "secp256r1";
            case P384 -> "secp384r1";
            case P521 -> "secp521r1";
            // not in Java any more, for what they are worth
            case P192, P224 -> null;
        };
    }

    static EcdsaKeys of(KeyFactory factory, SessionParameters.Ecdsa parameters) throws GeneralSecurityException {
        AlgorithmParameters named = AlgorithmParameters.getInstance("EC");
        named.init(new ECGenParameterSpec(nameOf(parameters.curve())));
        ECParameterSpec curve = named.getParameterSpec(ECParameterSpec.class);
        byte[] bytes = parameters.key().bytes();
        return parameters.privateKey()
                ? new EcdsaKeys(null, privateKey(factory, curve, bytes))
                : new EcdsaKeys(publicKey(factory, curve, bytes), null);
    }

    private static int fieldBytes(ECParameterSpec curve) {
        return (curve.getCurve().getField().getFieldSize() + Byte.SIZE - 1) / Byte.SIZE;
    }

    private static PrivateKey privateKey(KeyFactory factory, ECParameterSpec curve, byte[] bytes)
            throws GeneralSecurityException {
        BigInteger secret = bytes.length > fieldBytes(curve) ? secretOf(bytes) : new BigInteger(1, bytes);
        if (secret.signum() == 0 || secret.compareTo(curve.getOrder()) >= 0) {
            throw new InvalidKeyException("private key out of the curve's range");
        }
        return factory.generatePrivate(new ECPrivateKeySpec(secret, curve));
    }

    /** The number in an ECPrivateKey. */
    private static BigInteger secretOf(byte[] bytes) throws InvalidKeyException {
        DerReader der = DerReader.ofSequence(bytes);
        der.integer();
        byte[] number = der.octets();
        BigInteger secret = new BigInteger(1, number);
        Arrays.fill(number, (byte) 0);
        return secret;
    }

    private static PublicKey publicKey(KeyFactory factory, ECParameterSpec curve, byte[] bytes)
            throws GeneralSecurityException {
        int field = fieldBytes(curve);
        if (bytes.length == 1 + 2 * field && bytes[0] == UNCOMPRESSED) {
            BigInteger x = new BigInteger(1, Arrays.copyOfRange(bytes, 1, 1 + field));
            BigInteger y = new BigInteger(1, Arrays.copyOfRange(bytes, 1 + field, bytes.length));
            return factory.generatePublic(new ECPublicKeySpec(onCurve(new ECPoint(x, y), curve), curve));
        }
        PublicKey key = factory.generatePublic(new X509EncodedKeySpec(bytes));
        if (!(key instanceof ECPublicKey ec)
                || !ec.getParams().getCurve().equals(curve.getCurve())
                || !ec.getParams().getOrder().equals(curve.getOrder())) {
            throw new InvalidKeyException("public key of another curve");
        }
        onCurve(ec.getW(), curve);
        return key;
    }

    /** Implementations compute with any point, and then tell more than they should. */
    private static ECPoint onCurve(ECPoint point, ECParameterSpec curve) throws InvalidKeyException {
        BigInteger p = ((ECFieldFp) curve.getCurve().getField()).getP();
        BigInteger x = point.getAffineX();
        BigInteger y = point.getAffineY();
        boolean inField = !point.equals(ECPoint.POINT_INFINITY)
                && x.signum() >= 0
                && y.signum() >= 0
                && x.compareTo(p) < 0
                && y.compareTo(p) < 0;
        BigInteger right = inField
                ? x.multiply(x)
                        .add(curve.getCurve().getA())
                        .multiply(x)
                        .add(curve.getCurve().getB())
                : BigInteger.ONE;
        if (!inField || right.subtract(y.multiply(y)).mod(p).signum() != 0) {
            throw new InvalidKeyException("public key is not on its curve");
        }
        return point;
    }
}
