declare module "seek-bzip" {
  const seekBzip: { decode(input: Buffer, output: undefined, multistream: boolean): Buffer };
  export default seekBzip;
}
