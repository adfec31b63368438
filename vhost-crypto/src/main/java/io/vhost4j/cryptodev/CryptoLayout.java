// SPDX-License-Identifier: BSD-3-Clause
package io.vhost4j.cryptodev;

/** Numbers and positions of virtio-crypto (virtio 1.2 §5.9); all fields are little-endian. */
final class CryptoLayout {
    // feature bits
    static final int F_REVISION_1 = 0;
    static final int F_CIPHER_STATELESS = 1;

    // services
    static final int SERVICE_CIPHER = 0;
    static final int SERVICE_HASH = 1;
    static final int SERVICE_MAC = 2;
    static final int SERVICE_AEAD = 3;
    static final int SERVICE_AKCIPHER = 4;
    static final int SERVICES = 5;

    // control opcodes: low byte
    static final int OP_CREATE = 0x02;
    static final int OP_DESTROY = 0x03;
    static final int OP_AKCIPHER_CREATE = 0x04;
    static final int OP_AKCIPHER_DESTROY = 0x05;

    // values of fields
    static final int OP_ENCRYPT = 1;
    static final int OP_DECRYPT = 2;
    static final int SYM_CIPHER = 1;
    static final int SYM_CHAIN = 2;
    static final int ORDER_HASH_THEN_CIPHER = 1;
    static final int ORDER_CIPHER_THEN_HASH = 2;
    static final int HASH_MODE_PLAIN = 1;
    static final int HASH_MODE_AUTH = 2;
    static final int KEY_PUBLIC = 1;
    static final int KEY_PRIVATE = 2;
    static final int FLAG_SESSION_MODE = 1;

    // struct virtio_crypto_op_header, 24 bytes
    static final int DATA_OPCODE = 0;
    static final int DATA_SESSION = 8;
    static final int DATA_FLAG = 16;
    static final int DATA_HEADER_BYTES = 24;
    /** Bytes of the fixed part of any request, without revision 1. */
    static final int DATA_LEGACY_BYTES = 48;

    /** Where the kind of symmetric operation is in its fixed part. */
    static final int SYM_OP_TYPE = 40;

    static final int SYM_BYTES = 48;
    static final int SYM_STATELESS_OP_TYPE = 72;
    static final int SYM_STATELESS_BYTES = 76;
    static final int CHAIN_STATELESS_DATA = 32;
    static final int CIPHER_STATELESS_DATA = 12;
    static final int HASH_BYTES = 8;
    static final int HASH_STATELESS_BYTES = 16;
    static final int MAC_STATELESS_DATA = 8;
    static final int AEAD_BYTES = 24;
    static final int AEAD_STATELESS_BYTES = 32;
    static final int AKCIPHER_BYTES = 8;
    static final int AKCIPHER_STATELESS_DATA = 20;
    static final int AKCIPHER_STATELESS_BYTES = 28;

    // struct virtio_crypto_ctrl_header, 16 bytes
    static final int CTRL_OPCODE = 0;
    static final int CTRL_HEADER_BYTES = 16;
    static final int CTRL_LEGACY_BYTES = 56;
    static final int CTRL_SYM_OP_TYPE = 48;

    /** Bytes of the answer to a session's creation: id, status, padding. */
    static final int CREATED_BYTES = 16;

    static final int CREATED_STATUS = 8;

    /** Bytes of the configuration space. */
    static final int CONFIG_BYTES = 56;

    private CryptoLayout() {}
}
