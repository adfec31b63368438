// SPDX-License-Identifier: BSD-3-Clause

package io.vhost4j.cryptodev;

import io.vhost4j.crypto.SessionParameters;

/** The bytes of requests as a driver makes them, written after virtio 1.2 §5.9.7 and not after our parser. */
final class Requests {
    static final int ENCRYPT = 0x000;
    static final int DECRYPT = 0x001;
    static final int HASH = 0x100;
    static final int MAC = 0x200;
    static final int AEAD_ENCRYPT = 0x300;
    static final int AEAD_DECRYPT = 0x301;
    static final int RSA_ENCRYPT = 0x400;
    static final int RSA_DECRYPT = 0x401;
    static final int SIGN = 0x402;
    static final int VERIFY = 0x403;

    private Requests() {}

    /** The header of a data request. */
    static Wire data(int opcode, long session, boolean sessionMode) {
        return new Wire().u32(opcode, 0).u64(session).u32(sessionMode ? 1 : 0, 0);
    }

    private static Wire control(int opcode, int algorithm) {
        return new Wire().u32(opcode, algorithm, 0, 0);
    }

    /** A session of the control queue; fixed parts as long as without revision 1. */
    static byte[] create(SessionParameters parameters) {
        return switch (parameters) {
            case SessionParameters.Cipher c ->
                control(0x002, c.algorithm().code())
                        .u32(c.algorithm().code(), c.key().length(), c.encrypt() ? 1 : 2, 0)
                        .padTo(16 + 48)
                        .u32(1, 0)
                        .bytes(c.key().bytes())
                        .toBytes();
            case SessionParameters.Chain c -> createChain(c);
            case SessionParameters.Hash h ->
                control(0x102, h.algorithm().code())
                        .u32(h.algorithm().code(), h.resultBytes())
                        .padTo(72)
                        .toBytes();
            case SessionParameters.Mac m ->
                control(0x202, m.algorithm().code())
                        .u32(m.algorithm().code(), m.resultBytes(), m.key().length(), 0)
                        .padTo(72)
                        .bytes(m.key().bytes())
                        .toBytes();
            case SessionParameters.Aead a ->
                control(0x302, a.algorithm().code())
                        .u32(a.algorithm().code(), a.key().length(), a.tagBytes(), 0, a.encrypt() ? 1 : 2, 0)
                        .padTo(72)
                        .bytes(a.key().bytes())
                        .toBytes();
            case SessionParameters.Rsa r -> {
                int hash = r.hash() == null ? 0 : rsaHash(r.hash().digestBytes());
                yield control(0x404, 1)
                        .u32(
                                1,
                                r.privateKey() ? 2 : 1,
                                r.key().length(),
                                r.padding().code(),
                                hash)
                        .padTo(72)
                        .bytes(r.key().bytes())
                        .toBytes();
            }
            case SessionParameters.Ecdsa e ->
                control(0x404, 2)
                        .u32(
                                2,
                                e.privateKey() ? 2 : 1,
                                e.key().length(),
                                e.curve().code())
                        .padTo(72)
                        .bytes(e.key().bytes())
                        .toBytes();
        };
    }

    /** By the lengths of digests, which differ. */
    static int rsaHash(int digestBytes) {
        return switch (digestBytes) {
            case 16 -> 4;
            case 20 -> 5;
            case 28 -> 9;
            case 32 -> 6;
            case 48 -> 7;
            default -> 8;
        };
    }

    private static byte[] createChain(SessionParameters.Chain chain) {
        SessionParameters.Cipher c = chain.cipher();
        Wire wire = control(0x002, c.algorithm().code())
                .u32(chain.digestFirst() ? 1 : 2)
                .u32(chain.digest() instanceof SessionParameters.Mac ? 2 : 1)
                .u32(c.algorithm().code(), c.key().length(), c.encrypt() ? 1 : 2, 0);
        byte[] authKey = {};
        switch (chain.digest()) {
            case SessionParameters.Hash h -> wire.u32(h.algorithm().code(), h.resultBytes());
            case SessionParameters.Mac m -> {
                wire.u32(m.algorithm().code(), m.resultBytes(), m.key().length());
                authKey = m.key().bytes();
            }
        }
        return wire.padTo(16 + 48)
                .u32(2, 0)
                .bytes(c.key().bytes())
                .bytes(authKey)
                .toBytes();
    }

    static byte[] destroy(int opcode, long session) {
        return control(opcode, 0).u64(session).padTo(72).toBytes();
    }

    /** The fixed part of a cipher's request, 48 bytes. */
    static Wire cipher(Wire header, long iv, long source, long destination) {
        return header.u32(iv, source, destination).padTo(24 + 40).u32(1, 0);
    }
}
