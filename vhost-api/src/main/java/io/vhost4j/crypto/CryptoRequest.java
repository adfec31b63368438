// SPDX-License-Identifier: BSD-3-Clause
package io.vhost4j.crypto;

/**
 * One request of a guest, copied out of its memory and checked: all positions and lengths are within the arrays. From
 * {@link VhostCrypto#fetchRequests} until {@link VhostCrypto#finalizeRequests} it is the application's, which passes it on to a
 * {@link CryptoDevice}; afterwards the object is used for other requests. For one thread at a time.
 */
public interface CryptoRequest {
    /** What is to be done. */
    CryptoOperation operation();

    /** What {@link CryptoDevice#createSession} made for the session. */
    Object session();

    /** What came from the guest; read only. */
    byte[] input();

    /** Where in {@link #input} the initialization vector, counter, nonce or tweak is. */
    int ivAt();

    /** Its bytes. */
    int ivBytes();

    /** Where in {@link #input} the data is: plaintext, ciphertext (authenticated: and the tag), what is hashed or signed, a signature to be checked. */
    int sourceAt();

    /** Its bytes. */
    int sourceBytes();

    /** Where in {@link #input} the additional authenticated data is. */
    int aadAt();

    /** Its bytes. */
    int aadBytes();

    /** Where in {@link #input} what is to be compared is: the digest that was signed, or the digest of what is decrypted. */
    int expectedAt();

    /** Its bytes, 0 if there is none. */
    int expectedBytes();

    /** In a chain: where in the data the cipher starts. */
    int cipherFrom();

    /** In a chain: how many bytes the cipher processes. */
    int cipherBytes();

    /** In a chain: where in the data the digest starts. */
    int digestFrom();

    /** In a chain: of how many bytes the digest is. */
    int digestBytes();

    /** Where results go: the data from index 0 on, digests from {@link #destinationBytes} on. */
    byte[] output();

    /** How many bytes of data the guest has room for. */
    int destinationBytes();

    /** How many bytes of a digest the guest wants. */
    int resultBytes();

    /** Bytes of the tag. */
    int tagBytes();

    /**
     * Ends the request.
     *
     * @param written bytes of data at the start of {@link #output}, at most {@link #destinationBytes}; they, and the digest, count only if
     *     the status is OK
     */
    void complete(CryptoStatus status, int written);
}
