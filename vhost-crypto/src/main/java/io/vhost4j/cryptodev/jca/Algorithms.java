// SPDX-License-Identifier: BSD-3-Clause
package io.vhost4j.cryptodev.jca;

import java.security.GeneralSecurityException;
import java.security.KeyFactory;
import java.security.MessageDigest;
import java.security.Provider;
import java.security.Signature;
import javax.crypto.Cipher;
import javax.crypto.Mac;
import org.jspecify.annotations.Nullable;

/**
 * Where implementations come from.
 *
 * @param provider null for those that the Java runtime prefers
 */
record Algorithms(@Nullable Provider provider) {
    /** Something that there may or may not be. */
    @FunctionalInterface
    interface Attempt {
        Object make() throws GeneralSecurityException;
    }

    /** Whether it can be made. */
    static boolean works(Attempt attempt) {
        try {
            attempt.make();
            return true;
        } catch (GeneralSecurityException e) {
            return false;
        }
    }

    Cipher cipher(String name) throws GeneralSecurityException {
        return provider == null ? Cipher.getInstance(name) : Cipher.getInstance(name, provider);
    }

    MessageDigest digest(String name) throws GeneralSecurityException {
        return provider == null ? MessageDigest.getInstance(name) : MessageDigest.getInstance(name, provider);
    }

    Mac mac(String name) throws GeneralSecurityException {
        return provider == null ? Mac.getInstance(name) : Mac.getInstance(name, provider);
    }

    Signature signature(String name) throws GeneralSecurityException {
        return provider == null ? Signature.getInstance(name) : Signature.getInstance(name, provider);
    }

    KeyFactory keys(String name) throws GeneralSecurityException {
        return provider == null ? KeyFactory.getInstance(name) : KeyFactory.getInstance(name, provider);
    }
}
