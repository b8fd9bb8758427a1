// What goes over the link: msgpack, and the order's hash. Integers are numbers up to 2^53 and BigInt above (nanoseconds),
// written in msgpack's shortest form; any other number is an error, in both directions.
import { createHash } from "node:crypto";
import { decode, encode } from "@msgpack/msgpack";

const wide = (value) => (typeof value === "number" && (value >= 2 ** 32 || value < -(2 ** 31)) ? BigInt(value) : value);
const narrow = (value) => (typeof value === "bigint" && Number.isSafeInteger(Number(value)) ? Number(value) : value);

export const pack = (value) => Buffer.from(encode(each(value, wide), { useBigInt64: true }));
export const unpack = (data) => each(decode(data, { useBigInt64: true }), narrow);

function each(value, converted) {
  if (Array.isArray(value)) return value.map((one) => each(one, converted));
  if (typeof value === "number" && !Number.isSafeInteger(value)) throw new RangeError(`${value} is no integer`);
  return converted(value);
}

const ORDER = [null, null, null, null, null, 0, 0, 0, 0, 0, 0, 0, [], 0, 0, 0, 0]; // null: a field without a default
const STEP = [null, null, 0, 0, 0, 0];

// An order with all of its fields, and their hash.
export function whole(short) {
  const order = filled(short, ORDER);
  order[12] = order[12].map((step) => filled(step, STEP));
  return { order, hash: createHash("sha256").update(pack(order)).digest() };
}

function filled(row, defaults) {
  const all = defaults.map((value, at) => row[at] ?? value);
  if (row.length > all.length || all.includes(null)) throw new RangeError("an order of other fields");
  return all;
}
