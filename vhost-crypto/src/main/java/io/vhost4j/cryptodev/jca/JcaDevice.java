// SPDX-License-Identifier: BSD-3-Clause
package io.vhost4j.cryptodev.jca;

import io.vhost4j.crypto.AeadAlgorithm;
import io.vhost4j.crypto.AsymmetricAlgorithm;
import io.vhost4j.crypto.CipherAlgorithm;
import io.vhost4j.crypto.CryptoCapabilities;
import io.vhost4j.crypto.CryptoDevice;
import io.vhost4j.crypto.CryptoException;
import io.vhost4j.crypto.CryptoKey;
import io.vhost4j.crypto.CryptoRequest;
import io.vhost4j.crypto.CryptoStatus;
import io.vhost4j.crypto.HashAlgorithm;
import io.vhost4j.crypto.MacAlgorithm;
import io.vhost4j.crypto.SessionParameters;
import java.security.GeneralSecurityException;
import java.security.NoSuchAlgorithmException;
import java.security.Provider;
import java.util.ArrayDeque;
import java.util.Arrays;
import java.util.EnumSet;
import java.util.Objects;
import java.util.Set;
import java.util.function.Function;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/** A crypto device that does the work in the thread that brings it. */
public final class JcaDevice implements CryptoDevice {
    private static final int MAX_CIPHER_KEY = 64;
    private static final int MAX_AUTH_KEY = 512;
    /** Most completed requests that wait to be taken. */
    private static final int QUEUE_DEPTH = 1024;

    private static final int TAG = 16;

    private final Factories factories;
    private final CryptoCapabilities capabilities;
    /** For each queue pair what is completed. Replaced, never changed. */
    private volatile @Nullable Completed[] completed = new Completed[0];

    /** What is completed of one queue pair. */
    private static final class Completed extends ArrayDeque<CryptoRequest> {
        private static final long serialVersionUID = 1;
    }

    /**
     * A device.
     *
     * @param provider null for those that the Java runtime prefers
     */
    public JcaDevice(@Nullable Provider provider) {
        Algorithms algorithms = new Algorithms(provider);
        factories = new Factories(algorithms);
        capabilities = new CryptoCapabilities(
                found(CipherAlgorithm.values(), a -> new SessionParameters.Cipher(a, Factories.trialKey(a), true)),
                found(HashAlgorithm.values(), a -> new SessionParameters.Hash(a, 0)),
                found(MacAlgorithm.values(), a -> new SessionParameters.Mac(a, trialKey(a), 0)),
                found(AeadAlgorithm.values(), a -> new SessionParameters.Aead(a, Factories.trial(32), TAG, true)),
                asymmetric(algorithms),
                MAX_CIPHER_KEY,
                MAX_AUTH_KEY);
    }

    private static CryptoKey trialKey(MacAlgorithm mac) {
        return Factories.trial(mac == MacAlgorithm.CMAC_3DES ? 24 : 16);
    }

    private <T extends Enum<T>> Set<T> found(T[] all, Function<T, SessionParameters> trial) {
        return Arrays.stream(all)
                .filter(one -> Algorithms.works(() -> factories.worker(trial.apply(one))))
                .collect(Collectors.toUnmodifiableSet());
    }

    private static Set<AsymmetricAlgorithm> asymmetric(Algorithms algorithms) {
        Set<AsymmetricAlgorithm> found = EnumSet.noneOf(AsymmetricAlgorithm.class);
        if (Algorithms.works(() -> algorithms.cipher("RSA/ECB/PKCS1Padding"))
                && Algorithms.works(() -> algorithms.keys("RSA"))) {
            found.add(AsymmetricAlgorithm.RSA);
        }
        if (Algorithms.works(() -> algorithms.signature("NONEwithECDSA"))
                && Algorithms.works(() -> algorithms.keys("EC"))) {
            found.add(AsymmetricAlgorithm.ECDSA);
        }
        return found;
    }

    @Override
    public CryptoCapabilities capabilities() {
        return capabilities;
    }

    @Override
    public Object createSession(SessionParameters parameters) {
        try {
            return new JcaSession(() -> factories.worker(parameters));
        } catch (NoSuchAlgorithmException e) {
            throw new CryptoException(CryptoStatus.NOTSUPP, String.valueOf(e.getMessage()));
        } catch (GeneralSecurityException | RuntimeException e) {
            // keys that an algorithm cannot take; providers have exceptions of their own for them
            throw new CryptoException(CryptoStatus.ERR, "key: " + e.getMessage());
        }
    }

    @Override
    public void closeSession(Object session) {
        ((JcaSession) session).close();
    }

    @Override
    public int enqueueBurst(int queuePair, CryptoRequest[] requests, int from, int count) {
        Objects.checkFromIndexSize(from, count, requests.length);
        Completed done = completed(queuePair);
        int taken = Math.min(count, QUEUE_DEPTH - done.size());
        for (int i = from; i < from + taken; i++) {
            CryptoRequest request = requests[i];
            ((JcaSession) request.session()).run(request);
            done.add(request);
        }
        return taken;
    }

    @Override
    public int dequeueBurst(int queuePair, CryptoRequest[] requests, int from, int count) {
        Objects.checkFromIndexSize(from, count, requests.length);
        Completed done = completed(queuePair);
        int stored = Math.min(count, done.size());
        for (int i = 0; i < stored; i++) {
            requests[from + i] = done.remove();
        }
        return stored;
    }

    private Completed completed(int queuePair) {
        @Nullable Completed[] now = completed;
        Completed found = queuePair < now.length ? now[queuePair] : null;
        return found == null ? addQueuePair(queuePair) : found;
    }

    private synchronized Completed addQueuePair(int queuePair) {
        @Nullable Completed[] next = Arrays.copyOf(completed, Math.max(completed.length, queuePair + 1));
        Completed made = new Completed();
        next[queuePair] = made;
        completed = next;
        return made;
    }
}
