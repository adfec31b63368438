// SPDX-License-Identifier: BSD-3-Clause

package io.vhost4j.cryptodev;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import io.vhost4j.core.testkit.LeakCheck;
import io.vhost4j.crypto.AeadAlgorithm;
import io.vhost4j.crypto.CipherAlgorithm;
import io.vhost4j.crypto.CryptoKey;
import io.vhost4j.crypto.EllipticCurve;
import io.vhost4j.crypto.HashAlgorithm;
import io.vhost4j.crypto.MacAlgorithm;
import io.vhost4j.crypto.RsaPadding;
import io.vhost4j.crypto.SessionParameters;
import io.vhost4j.cryptodev.CryptoRig.Answer;
import java.math.BigInteger;
import java.security.GeneralSecurityException;
import java.security.KeyPair;
import java.security.KeyPairGenerator;
import java.security.MessageDigest;
import java.security.Signature;
import java.security.interfaces.ECPrivateKey;
import java.security.interfaces.RSAPublicKey;
import java.security.spec.ECGenParameterSpec;
import java.util.Arrays;
import java.util.Random;
import javax.crypto.Cipher;
import javax.crypto.Mac;
import javax.crypto.spec.IvParameterSpec;
import javax.crypto.spec.SecretKeySpec;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Services whose results the JDK is asked for at the test's time. */
@ExtendWith(LeakCheck.class)
class ServicesTest {
    private static final byte[] KEY = bytes(16, 1);
    private static final byte[] AUTH = bytes(20, 2);
    private static final byte[] IV = bytes(16, 3);
    private static final byte[] AAD = bytes(13, 4);

    private CryptoRig rig;

    @BeforeEach
    void start() {
        rig = new CryptoRig(true, 0);
    }

    @AfterEach
    void end() {
        rig.close();
    }

    private static byte[] bytes(int count, int seed) {
        byte[] made = new byte[count];
        new Random(seed).nextBytes(made);
        return made;
    }

    private static CryptoKey key(byte[] bytes) {
        return CryptoKey.copyOf(bytes, 0, bytes.length);
    }

    private static SessionParameters.Chain chain(boolean encrypt, boolean digestFirst) {
        return new SessionParameters.Chain(
                new SessionParameters.Cipher(CipherAlgorithm.AES_CBC, key(KEY), encrypt),
                new SessionParameters.Mac(MacAlgorithm.HMAC_SHA256, key(AUTH), 32),
                digestFirst);
    }

    private static byte[] aes(boolean encrypt, byte[] data) throws GeneralSecurityException {
        Cipher cipher = Cipher.getInstance("AES/CBC/NoPadding");
        cipher.init(
                encrypt ? Cipher.ENCRYPT_MODE : Cipher.DECRYPT_MODE,
                new SecretKeySpec(KEY, "AES"),
                new IvParameterSpec(IV));
        return cipher.doFinal(data);
    }

    private static byte[] hmac(byte[]... parts) throws GeneralSecurityException {
        Mac mac = Mac.getInstance("HmacSHA256");
        mac.init(new SecretKeySpec(AUTH, "HmacSHA256"));
        for (byte[] part : parts) {
            mac.update(part);
        }
        return mac.doFinal();
    }

    /** 8 bytes before the ciphered part, 64 of it, 5 behind; the digest is of all from byte 4 on. */
    private Answer runChain(SessionParameters.Chain chain, byte[] source, byte[] expected) {
        int opcode = chain.cipher().encrypt() ? Requests.ENCRYPT : Requests.DECRYPT;
        byte[] request = Requests.data(opcode, rig.open(chain), true)
                .u32(16, source.length, source.length, 8, 64, 4, source.length - 4, AAD.length, 32, 0)
                .u32(2, 0)
                .bytes(IV)
                .bytes(source)
                .bytes(AAD)
                .bytes(expected)
                .toBytes();
        return rig.run(request, source.length, 32);
    }

    private static byte[] withMiddle(byte[] source, byte[] middle) {
        byte[] made = source.clone();
        System.arraycopy(middle, 0, made, 8, 64);
        return made;
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void shouldChainInBothOrders(boolean digestFirst) throws GeneralSecurityException {
        byte[] source = bytes(77, 5);
        byte[] cipherText = withMiddle(source, aes(true, Arrays.copyOfRange(source, 8, 72)));
        byte[] digested = digestFirst ? source : cipherText;
        Answer there = runChain(chain(true, digestFirst), source, new byte[0]);
        assertEquals(0, there.status());
        assertArrayEquals(cipherText, there.destination());
        assertArrayEquals(hmac(AAD, Arrays.copyOfRange(digested, 4, 77)), there.result());
    }

    @Test
    void shouldCheckTheDigestBeforeItTellsWhatIsDecrypted() throws GeneralSecurityException {
        byte[] source = bytes(77, 6);
        byte[] digest = hmac(AAD, Arrays.copyOfRange(source, 4, 77));
        byte[] plain = withMiddle(source, aes(false, Arrays.copyOfRange(source, 8, 72)));
        Answer good = runChain(chain(false, true), source, digest);
        assertEquals(0, good.status());
        assertArrayEquals(plain, good.destination());
        digest[31] ^= 1;
        Answer bad = runChain(chain(false, true), source, digest);
        assertEquals(2, bad.status());
        assertArrayEquals(new byte[77], bad.destination());
    }

    private static byte[] pkcs1PublicKey(RSAPublicKey key) {
        return sequence(new Wire().bytes(integer(key.getModulus())).bytes(integer(key.getPublicExponent())));
    }

    private static byte[] integer(BigInteger value) {
        return tagged(2, value.toByteArray());
    }

    private static byte[] sequence(Wire content) {
        return tagged(0x30, content.toBytes());
    }

    private static byte[] tagged(int tag, byte[] content) {
        Wire wire = new Wire().bytes(new byte[] {(byte) tag});
        if (content.length < 128) {
            wire.bytes(new byte[] {(byte) content.length});
        } else {
            wire.bytes(new byte[] {(byte) 0x82, (byte) (content.length >> 8), (byte) content.length});
        }
        return wire.bytes(content).toBytes();
    }

    /** PKCS #8 has the PKCS #1 key in its last octet string, after 26 bytes for a key of 2048 bits. */
    private static byte[] pkcs1PrivateKey(KeyPair pair) {
        byte[] encoded = pair.getPrivate().getEncoded();
        return Arrays.copyOfRange(encoded, 26, encoded.length);
    }

    private Answer asymmetric(int opcode, long session, byte[] source, int destination) {
        byte[] request = Requests.data(opcode, session, true)
                .u32(source.length, destination)
                .padTo(72)
                .bytes(source)
                .toBytes();
        return rig.run(request, destination, 0);
    }

    private static SessionParameters rsa(RsaPadding padding, HashAlgorithm hash, boolean isPrivate, byte[] key) {
        return new SessionParameters.Rsa(padding, hash, isPrivate, key(key));
    }

    private static KeyPair rsaPair() throws GeneralSecurityException {
        KeyPairGenerator generator = KeyPairGenerator.getInstance("RSA");
        generator.initialize(2048);
        return generator.generateKeyPair();
    }

    @Test
    void shouldEncryptDecryptAndSignWithRsa() throws GeneralSecurityException {
        KeyPair pair = rsaPair();
        byte[] publicKey = pkcs1PublicKey((RSAPublicKey) pair.getPublic());
        byte[] privateKey = pkcs1PrivateKey(pair);
        for (RsaPadding padding : RsaPadding.values()) {
            byte[] message = padding == RsaPadding.RAW ? Arrays.copyOf(new byte[] {0, 7, 8}, 256) : bytes(20, 9);
            Answer there =
                    asymmetric(Requests.RSA_ENCRYPT, rig.open(rsa(padding, null, false, publicKey)), message, 256);
            assertEquals(0, there.status());
            assertEquals(257, there.used());
            long decrypts = rig.open(rsa(padding, null, true, privateKey));
            Answer back = asymmetric(Requests.RSA_DECRYPT, decrypts, there.destination(), 300);
            assertEquals(0, back.status());
            assertEquals(message.length + 1, back.used(), "the driver finds the length here");
            assertArrayEquals(message, Arrays.copyOf(back.destination(), message.length));
            assertEquals(
                    1,
                    asymmetric(Requests.RSA_DECRYPT, decrypts, there.destination(), message.length - 1)
                            .status());
        }
        byte[] data = bytes(99, 10);
        byte[] digest = MessageDigest.getInstance("SHA-384").digest(data);
        long signs = rig.open(rsa(RsaPadding.PKCS1, HashAlgorithm.SHA384, true, privateKey));
        Answer signed = asymmetric(Requests.SIGN, signs, digest, 256);
        assertEquals(0, signed.status());
        Signature verifier = Signature.getInstance("SHA384withRSA");
        verifier.initVerify(pair.getPublic());
        verifier.update(data);
        assertEquals(true, verifier.verify(signed.destination()));
        assertEquals(1, asymmetric(Requests.SIGN, signs, bytes(47, 1), 256).status());
        long publicOnly = rig.open(rsa(RsaPadding.PKCS1, HashAlgorithm.SHA384, false, publicKey));
        assertEquals(1, asymmetric(Requests.SIGN, publicOnly, digest, 256).status());
        long raw = rig.open(rsa(RsaPadding.RAW, null, true, privateKey));
        assertEquals(3, asymmetric(Requests.SIGN, raw, digest, 256).status());
    }

    @Test
    void shouldRefuseKeysThatAreNone() throws GeneralSecurityException {
        byte[] good = pkcs1PublicKey((RSAPublicKey) rsaPair().getPublic());
        for (int length = 0; length < good.length; length += 17) {
            assertEquals(
                    1, rig.tryOpen(Requests.create(rsa(RsaPadding.RAW, null, false, Arrays.copyOf(good, length)))));
        }
        assertEquals(
                1,
                rig.tryOpen(Requests.create(rsa(RsaPadding.RAW, null, false, Arrays.copyOf(good, good.length + 1)))));
        for (int at = 0; at < 10; at++) {
            byte[] changed = good.clone();
            changed[at] ^= (byte) 0x80;
            assertEquals(1, rig.tryOpen(Requests.create(rsa(RsaPadding.RAW, null, false, changed))), "byte " + at);
        }
        byte[] small =
                sequence(new Wire().bytes(integer(BigInteger.valueOf(3233))).bytes(integer(BigInteger.TWO)));
        assertEquals(1, rig.tryOpen(Requests.create(rsa(RsaPadding.RAW, null, false, small))));
        byte[] offCurve = new byte[65];
        offCurve[0] = 4;
        offCurve[64] = 1;
        assertEquals(
                1, rig.tryOpen(Requests.create(new SessionParameters.Ecdsa(EllipticCurve.P256, false, key(offCurve)))));
        assertEquals(
                3, rig.tryOpen(Requests.create(new SessionParameters.Ecdsa(EllipticCurve.P192, false, key(offCurve)))));
    }

    @ParameterizedTest
    @EnumSource(
            value = EllipticCurve.class,
            names = {"P256", "P384", "P521"})
    void shouldSignWithEcdsa(EllipticCurve curve) throws GeneralSecurityException {
        KeyPairGenerator generator = KeyPairGenerator.getInstance("EC");
        generator.initialize(new ECGenParameterSpec("secp" + curve.name().substring(1) + "r1"));
        KeyPair pair = generator.generateKeyPair();
        byte[] digest = bytes(48, 11);
        byte[] number = ((ECPrivateKey) pair.getPrivate()).getS().toByteArray();
        byte[] secret = number[0] == 0 ? Arrays.copyOfRange(number, 1, number.length) : number;
        byte[] der = sequence(new Wire()
                .bytes(integer(BigInteger.ONE))
                .bytes(tagged(4, secret))
                .padTo(0));
        for (byte[] form : new byte[][] {secret, new Wire().bytes(der).toBytes()}) {
            long session = rig.open(new SessionParameters.Ecdsa(curve, true, key(form)));
            Answer signed = asymmetric(Requests.SIGN, session, digest, 160);
            assertEquals(0, signed.status());
            byte[] signature = Arrays.copyOf(signed.destination(), (int) signed.used() - 1);
            Signature verifier = Signature.getInstance("NONEwithECDSA");
            verifier.initVerify(pair.getPublic());
            verifier.update(digest);
            assertEquals(true, verifier.verify(signature));
            long checks = rig.open(new SessionParameters.Ecdsa(
                    curve, false, key(pair.getPublic().getEncoded())));
            byte[] request = Requests.data(Requests.VERIFY, checks, true)
                    .u32(signature.length, digest.length)
                    .padTo(72)
                    .bytes(signature)
                    .bytes(digest)
                    .toBytes();
            assertEquals(0, rig.run(request, 0, 0).status());
        }
    }

    @Test
    void shouldLetAGuestUseANonceTwice() {
        long session = rig.open(new SessionParameters.Aead(AeadAlgorithm.AES_GCM, key(KEY), 16, true));
        long counter = rig.open(new SessionParameters.Aead(AeadAlgorithm.AES_GCM, key(KEY), 16, true));
        byte[] request = Requests.data(Requests.AEAD_ENCRYPT, session, true)
                .u32(12, 0, 5, 21)
                .padTo(72 + 12 + 5)
                .toBytes();
        Answer first = rig.run(request, 21, 0);
        assertEquals(0, first.status());
        assertArrayEquals(first.destination(), rig.run(request, 21, 0).destination());
        byte[] firstBlock = Requests.data(Requests.AEAD_ENCRYPT, counter, true)
                .u32(16, 0, 5, 21)
                .padTo(72 + 15)
                .bytes(new byte[] {1})
                .padTo(72 + 16 + 5)
                .toBytes();
        assertArrayEquals(first.destination(), rig.run(firstBlock, 21, 0).destination());
    }
}
