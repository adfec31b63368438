// SPDX-License-Identifier: BSD-3-Clause
package io.vhost4j.cryptodev;

import static io.vhost4j.cryptodev.Bytes.intAt;
import static io.vhost4j.cryptodev.Bytes.unsignedAt;

import io.vhost4j.crypto.CryptoOperation;
import io.vhost4j.crypto.CryptoStatus;
import io.vhost4j.crypto.SessionParameters;
import org.jspecify.annotations.Nullable;

/**
 * The lengths in a data request (virtio 1.2 §5.9.7.4 to §5.9.7.8), each checked against what was copied and against the room for results
 * before it is used. Lengths are compared as 64-bit numbers, so that sums of 32-bit ones cannot overflow.
 */
final class DataFields {
    private static final int FIELDS = CryptoLayout.DATA_HEADER_BYTES;

    private DataFields() {}

    /** Bytes of the fixed part with revision 1. */
    static int fixedBytes(int service) {
        return switch (service) {
            case CryptoLayout.SERVICE_CIPHER -> CryptoLayout.SYM_BYTES;
            case CryptoLayout.SERVICE_AEAD -> CryptoLayout.AEAD_BYTES;
            case CryptoLayout.SERVICE_AKCIPHER -> CryptoLayout.AKCIPHER_BYTES;
            default -> CryptoLayout.HASH_BYTES;
        };
    }

    /**
     * Fills in positions and lengths.
     *
     * @param stateless whether the fields are those of requests that may bring their keys along
     * @param variableAt where what the lengths are about begins, keys not counted
     * @return null if all fits, otherwise how the request is answered
     */
    static @Nullable CryptoStatus read(
            GuestRequest request, SessionParameters parameters, boolean stateless, int variableAt) {
        boolean fits = switch (parameters) {
            case SessionParameters.Cipher cipher -> cipher(request, cipher, stateless, variableAt);
            case SessionParameters.Chain chain -> chain(request, chain, stateless, variableAt);
            case SessionParameters.Hash hash -> hash(request, stateless ? Integer.BYTES : 0, variableAt);
            case SessionParameters.Mac mac ->
                hash(request, stateless ? CryptoLayout.MAC_STATELESS_DATA : 0, variableAt);
            case SessionParameters.Aead aead -> aead(request, aead, stateless, variableAt);
            case SessionParameters.Rsa rsa -> asymmetric(request, stateless, variableAt);
            case SessionParameters.Ecdsa ecdsa -> asymmetric(request, stateless, variableAt);
        };
        if (!fits) {
            return CryptoStatus.ERR;
        }
        request.startOutput();
        return null;
    }

    private static boolean symmetric(GuestRequest request, boolean stateless, int kind, boolean encrypt) {
        int kindAt = FIELDS + (stateless ? CryptoLayout.SYM_STATELESS_OP_TYPE : CryptoLayout.SYM_OP_TYPE);
        boolean asked = request.operation == CryptoOperation.ENCRYPT;
        return intAt(request.input, kindAt) == kind && asked == encrypt;
    }

    private static boolean cipher(
            GuestRequest request, SessionParameters.Cipher cipher, boolean stateless, int variableAt) {
        int at = FIELDS + (stateless ? CryptoLayout.CIPHER_STATELESS_DATA : 0);
        long iv = unsignedAt(request.input, at);
        long source = unsignedAt(request.input, at + 4);
        long destination = unsignedAt(request.input, at + 8);
        return symmetric(request, stateless, CryptoLayout.SYM_CIPHER, cipher.encrypt())
                && destination >= source
                && place(request, variableAt, iv, source, 0, false)
                && room(request, destination, 0);
    }

    private static boolean chain(
            GuestRequest request, SessionParameters.Chain chain, boolean stateless, int variableAt) {
        byte[] input = request.input;
        int at = FIELDS + (stateless ? CryptoLayout.CHAIN_STATELESS_DATA : 0);
        long source = unsignedAt(input, at + 4);
        long destination = unsignedAt(input, at + 8);
        long cipherFrom = unsignedAt(input, at + 12);
        long cipherBytes = unsignedAt(input, at + 16);
        long digestFrom = unsignedAt(input, at + 20);
        long digestBytes = unsignedAt(input, at + 24);
        long result = unsignedAt(input, at + 32);
        boolean fits = symmetric(
                        request,
                        stateless,
                        CryptoLayout.SYM_CHAIN,
                        chain.cipher().encrypt())
                && cipherFrom + cipherBytes <= source
                && digestFrom + digestBytes <= source
                && destination >= cipherFrom + cipherBytes
                && place(request, variableAt, unsignedAt(input, at), source, unsignedAt(input, at + 28), stateless)
                && room(request, destination, result);
        if (!fits) {
            return false;
        }
        request.cipherFrom = (int) cipherFrom;
        request.cipherBytes = (int) cipherBytes;
        request.digestFrom = (int) digestFrom;
        request.digestBytes = (int) digestBytes;
        int end = Math.max(request.sourceAt + request.sourceBytes, request.aadAt + request.aadBytes);
        if (request.operation == CryptoOperation.DECRYPT && result > 0 && request.readable - end == result) {
            // the digest to compare with comes behind all else, as DPDK has it
            request.expectedAt = end;
            request.expectedBytes = (int) result;
        }
        return true;
    }

    private static boolean hash(GuestRequest request, int skip, int variableAt) {
        long source = unsignedAt(request.input, FIELDS + skip);
        long result = unsignedAt(request.input, FIELDS + skip + 4);
        return place(request, variableAt, 0, source, 0, false) && room(request, 0, result);
    }

    private static boolean aead(GuestRequest request, SessionParameters.Aead aead, boolean stateless, int variableAt) {
        byte[] input = request.input;
        int at = FIELDS + (stateless ? CryptoLayout.CIPHER_STATELESS_DATA : 0);
        int rest = stateless ? at + 8 : at + 4;
        long tagAsked = unsignedAt(input, stateless ? at + 4 : at + 16);
        long aad = unsignedAt(input, rest);
        long source = unsignedAt(input, rest + 4);
        long destination = unsignedAt(input, rest + 8);
        int tag = aead.tagBytes();
        boolean encrypt = request.operation == CryptoOperation.AEAD_ENCRYPT;
        request.tagBytes = tag;
        return encrypt == aead.encrypt()
                && (tagAsked == 0 || tagAsked == tag)
                && (encrypt ? destination >= source + tag : source >= tag && destination >= source - tag)
                && place(request, variableAt, unsignedAt(input, at), source, aad, false)
                && room(request, destination, 0);
    }

    private static boolean asymmetric(GuestRequest request, boolean stateless, int variableAt) {
        int at = FIELDS + (stateless ? CryptoLayout.AKCIPHER_STATELESS_DATA : 0);
        long source = unsignedAt(request.input, at);
        long destination = unsignedAt(request.input, at + 4);
        if (request.operation != CryptoOperation.VERIFY) {
            return place(request, variableAt, 0, source, 0, false) && room(request, destination, 0);
        }
        // what was signed comes behind the signature
        if (!place(request, variableAt, 0, source + destination, 0, false)) {
            return false;
        }
        request.sourceBytes = (int) source;
        request.expectedAt = request.sourceAt + request.sourceBytes;
        request.expectedBytes = (int) destination;
        return true;
    }

    /** What is read: the initialization vector, and then source and additional data in either order. */
    private static boolean place(
            GuestRequest request, int variableAt, long iv, long source, long aad, boolean aadFirst) {
        if (variableAt + iv + source + aad > request.readable) {
            return false;
        }
        request.ivAt = variableAt;
        request.ivBytes = (int) iv;
        request.sourceBytes = (int) source;
        request.aadBytes = (int) aad;
        int next = variableAt + (int) iv;
        request.sourceAt = aadFirst ? next + (int) aad : next;
        request.aadAt = aadFirst ? next : next + (int) source;
        return true;
    }

    /** What is written: data, a digest, and behind them the status. */
    private static boolean room(GuestRequest request, long destination, long result) {
        if (destination + result >= request.writable) {
            return false;
        }
        request.destinationBytes = (int) destination;
        request.resultBytes = (int) result;
        return true;
    }
}
